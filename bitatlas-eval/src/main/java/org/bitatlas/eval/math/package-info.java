/** Answers compared as mathematics: found in a text, parsed from LaTeX, equal by value. */
@NullMarked
package org.bitatlas.eval.math;

import org.jspecify.annotations.NullMarked;
