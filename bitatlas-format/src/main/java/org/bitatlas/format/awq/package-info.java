/** The format of AWQ checkpoints in AutoAWQ's GEMM layout. */
@NullMarked
package org.bitatlas.format.awq;

import org.jspecify.annotations.NullMarked;
