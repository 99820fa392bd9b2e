/** How fast a model runs in each scheme, and where the time goes. */
@NullMarked
package org.bitatlas.study.bench;

import org.jspecify.annotations.NullMarked;
