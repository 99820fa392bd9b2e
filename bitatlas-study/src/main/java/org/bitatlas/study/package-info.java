/** Runs the grid and keeps the records. Entry types: StudySpec, StudyRunner, RunStore. */
@NullMarked
package org.bitatlas.study;

import org.jspecify.annotations.NullMarked;
