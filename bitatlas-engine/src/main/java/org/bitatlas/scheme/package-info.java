/**
 * Quantization schemes and the neutral quantized checkpoint: what is stored, not how it is found.
 * Entry type: QuantizedCheckpoint. Depends on tensor (element types) and checkpoint; uses no native
 * library.
 */
@NullMarked
package org.bitatlas.scheme;

import org.jspecify.annotations.NullMarked;
