/** The bitatlas command: one class per subcommand. The only place that may end the JVM. */
@NullMarked
package org.bitatlas.cli;

import org.jspecify.annotations.NullMarked;
