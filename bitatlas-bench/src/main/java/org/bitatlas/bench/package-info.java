/** JMH benchmarks of kernels: time, rate and allocation per operation. */
@NullMarked
package org.bitatlas.bench;

import org.jspecify.annotations.NullMarked;
