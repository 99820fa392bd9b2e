/** Runs untrusted Python programs against their tests, or says why this machine cannot. */
@NullMarked
package org.bitatlas.eval.sandbox;

import org.jspecify.annotations.NullMarked;
