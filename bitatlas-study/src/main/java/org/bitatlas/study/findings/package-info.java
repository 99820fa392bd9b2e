/**
 * The findings of the papers as questions that a study answers with yes, no or not enough data.
 * Entry type: Findings.
 */
@NullMarked
package org.bitatlas.study.findings;

import org.jspecify.annotations.NullMarked;
