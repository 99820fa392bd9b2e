/** Which serving stack loads which quantization scheme, as data. Entry type: CapabilityTable. */
@NullMarked
package org.bitatlas.format.support;

import org.jspecify.annotations.NullMarked;
