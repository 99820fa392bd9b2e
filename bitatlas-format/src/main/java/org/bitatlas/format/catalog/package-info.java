/** The formats that are read and written, by name. */
@NullMarked
package org.bitatlas.format.catalog;

import org.jspecify.annotations.NullMarked;
