/**
 * Text to token ids and back, chat templates and thinking protocols. Entry type: ChatTokenizer.
 * Depends on nothing else in BitAtlas.
 */
@NullMarked
package org.bitatlas.tokenizer;

import org.jspecify.annotations.NullMarked;
