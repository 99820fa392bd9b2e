package org.bitatlas.study.imports;

import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What a file does not say of itself.
 *
 * @param label name of the row on the map
 * @param platform what the model ran on
 * @param beside model of a study whose rows it stands with; empty to stand alone
 */
public record ImportLabel(String label, String platform, Optional<String> beside) {

  /** Checks that label and platform say something. */
  public ImportLabel {
    if (label.isBlank() || platform.isBlank()) {
      throw new BitAtlasException(
          "Imported results need a label and a platform; say what was measured and on what.");
    }
  }
}
