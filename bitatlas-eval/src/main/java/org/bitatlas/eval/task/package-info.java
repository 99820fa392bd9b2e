/** Suites and tasks as data. Entry type: Task. */
@NullMarked
package org.bitatlas.eval.task;

import org.jspecify.annotations.NullMarked;
