/**
 * Products of activations with weights: what runs on which instructions. Entry types: {@link
 * org.bitatlas.kernel.RowKernels} (one to a few rows) and {@link org.bitatlas.kernel.PackedMatmul}
 * (many rows). Depends on tensor and scheme.
 */
@NullMarked
package org.bitatlas.kernel;

import org.jspecify.annotations.NullMarked;
