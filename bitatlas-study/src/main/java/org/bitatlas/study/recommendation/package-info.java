/**
 * Which setting to use on a machine, from a study's records. Entry types: Recommender,
 * Recommendation.
 */
@NullMarked
package org.bitatlas.study.recommendation;

import org.jspecify.annotations.NullMarked;
