/**
 * Checkpoints on disk: safetensors mapped through FFM, local folders and hub ids. Entry type:
 * Checkpoint. Depends on tensor (element types) only; uses no native library.
 */
@NullMarked
package org.bitatlas.checkpoint;

import org.jspecify.annotations.NullMarked;
