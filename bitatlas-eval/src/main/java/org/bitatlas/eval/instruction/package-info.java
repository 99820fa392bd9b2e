/** Instructions that a program can check, as IFEval has them (Zhou et al., 2023). */
@NullMarked
package org.bitatlas.eval.instruction;

import org.jspecify.annotations.NullMarked;
