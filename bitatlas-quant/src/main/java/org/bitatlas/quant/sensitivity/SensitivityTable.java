package org.bitatlas.quant.sensitivity;

import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Damages of single layers, with what they were measured on.
 *
 * @param settings everything that decides the numbers: digest of the model's weights, recipe,
 *     calibration set, behaviour versions
 * @param damages by layer in model order, then by choice
 */
public record SensitivityTable(SequencedMap<String, String> settings, List<LayerDamage> damages) {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** Copies the list. */
  public SensitivityTable {
    damages = List.copyOf(damages);
  }

  /** The damage of a layer under a choice, where it was measured. */
  public Optional<LayerDamage> find(String module, LayerChoice choice) {
    return damages.stream()
        .filter(damage -> damage.module().equals(module) && damage.choice().equals(choice))
        .findFirst();
  }

  /** As JSON text. */
  public String toJson() {
    return JSON.writeValueAsString(this) + "\n";
  }

  /**
   * The table that {@link #toJson} wrote.
   *
   * @param file where the text is from, for the error message
   * @throws BitAtlasException when it is not one
   */
  public static SensitivityTable fromJson(String text, String file) {
    try {
      return JSON.readValue(text, SensitivityTable.class);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The sensitivity file %s is not valid: %s; delete it and measure again."
              .formatted(file, String.valueOf(e.getOriginalMessage())),
          e);
    }
  }
}
