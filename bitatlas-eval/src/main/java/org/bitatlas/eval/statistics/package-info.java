/** Intervals, paired tests and verdicts. Pure functions of counts and arrays. */
@NullMarked
package org.bitatlas.eval.statistics;

import org.jspecify.annotations.NullMarked;
