/** What breaks first in a bad cell, from its records, and what to try. */
@NullMarked
package org.bitatlas.study.diagnosis;

import org.jspecify.annotations.NullMarked;
