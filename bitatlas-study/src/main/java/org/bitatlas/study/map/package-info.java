/** The accuracy map: cells, comparisons against float, Pareto front. Entry type: AccuracyMap. */
@NullMarked
package org.bitatlas.study.map;

import org.jspecify.annotations.NullMarked;
