/** Reads Parquet files as the hub has data sets: flat and nested columns, without native code. */
@NullMarked
package org.bitatlas.eval.parquet;

import org.jspecify.annotations.NullMarked;
