package org.bitatlas.cli;

import org.bitatlas.tensor.BitAtlasException;

/** Options that do not go together or are out of range; ends with {@link Exit#USAGE}. */
final class UsageException extends BitAtlasException {

  UsageException(String message) {
    super(message);
  }
}
