/** The format of GPTQ checkpoints, versions 1 (AutoGPTQ) and 2 (GPTQModel). */
@NullMarked
package org.bitatlas.format.gptq;

import org.jspecify.annotations.NullMarked;
