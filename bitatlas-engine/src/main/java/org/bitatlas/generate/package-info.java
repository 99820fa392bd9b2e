/**
 * Scoring and generation over a model. Entry type: LanguageModel. Depends on model, kernel, tensor
 * and tokenizer.
 */
@NullMarked
package org.bitatlas.generate;

import org.jspecify.annotations.NullMarked;
