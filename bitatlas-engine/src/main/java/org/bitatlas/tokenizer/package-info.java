/**
 * Text to token ids and back, chat templates and thinking protocols. Entry type: ChatTokenizer.
 * Depends on templates only.
 */
@NullMarked
package org.bitatlas.tokenizer;

import org.jspecify.annotations.NullMarked;
