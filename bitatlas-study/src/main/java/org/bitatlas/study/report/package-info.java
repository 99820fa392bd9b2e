/** Draws a map as Markdown, JSON and one self-contained HTML page. Entry type: Report. */
@NullMarked
package org.bitatlas.study.report;

import org.jspecify.annotations.NullMarked;
