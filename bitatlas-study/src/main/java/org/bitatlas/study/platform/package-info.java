/**
 * Records of several machines in one map, and which settings keep their rank across them. Entry
 * types: RecordMerge, PlatformRanking.
 */
@NullMarked
package org.bitatlas.study.platform;

import org.jspecify.annotations.NullMarked;
