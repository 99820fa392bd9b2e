/** Checkpoint formats that others load. Reads and writes files; needs no native library. */
@NullMarked
package org.bitatlas.format;

import org.jspecify.annotations.NullMarked;
