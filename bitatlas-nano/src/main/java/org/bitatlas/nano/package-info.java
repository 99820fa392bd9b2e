/**
 * The embedded model, its suites and its texts, as resources. Entry type: Nano. Depends on nothing.
 */
@NullMarked
package org.bitatlas.nano;

import org.jspecify.annotations.NullMarked;
