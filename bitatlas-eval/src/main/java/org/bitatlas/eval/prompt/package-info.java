/**
 * Prompts of tasks from data in the fields of Hugging Face: templates, few-shot examples, where the
 * files are. Entry type: Prompts.
 */
@NullMarked
package org.bitatlas.eval.prompt;

import org.jspecify.annotations.NullMarked;
