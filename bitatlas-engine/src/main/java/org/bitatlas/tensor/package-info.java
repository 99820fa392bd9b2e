/**
 * Native tensors with an owner: the only package besides kernel that touches libtorch. Depends on
 * nothing else in BitAtlas.
 */
@NullMarked
package org.bitatlas.tensor;

import org.jspecify.annotations.NullMarked;
