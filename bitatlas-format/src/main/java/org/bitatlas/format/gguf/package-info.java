/**
 * GGUF, the single-file checkpoint format of llama.cpp: container, block types, vocabulary and the
 * way to and from Hugging Face's tensors. Needs no native library.
 */
@NullMarked
package org.bitatlas.format.gguf;

import org.jspecify.annotations.NullMarked;
