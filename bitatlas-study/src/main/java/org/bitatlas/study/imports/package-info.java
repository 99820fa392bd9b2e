/**
 * Result files of other programs, as records labelled with their origin. Entry type: {@link
 * org.bitatlas.study.imports.ResultFile}.
 */
@NullMarked
package org.bitatlas.study.imports;

import org.jspecify.annotations.NullMarked;
