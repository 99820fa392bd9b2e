/**
 * Jinja templates as Python renders them: the chat templates of models and the prompts of tasks.
 * Entry type: JinjaTemplate.
 */
@NullMarked
package org.bitatlas.template;

import org.jspecify.annotations.NullMarked;
