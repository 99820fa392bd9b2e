/** Answer extraction and scoring. Pure functions of text. */
@NullMarked
package org.bitatlas.eval.metric;

import org.jspecify.annotations.NullMarked;
