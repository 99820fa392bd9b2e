/** Runs tasks against a language model and keeps sample records. Entry type: TaskRunner. */
@NullMarked
package org.bitatlas.eval;

import org.jspecify.annotations.NullMarked;
