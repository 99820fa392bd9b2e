package org.bitatlas.study;

import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The configuration of a study's float model as its records keep it, so that a report knows the
 * model's shape where the model is not at hand.
 */
public final class ModelConfiguration {
  static final String PROVENANCE = "configuration";

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private ModelConfiguration() {}

  /** The {@code config.json} of a folder in one line, without where its author had it. */
  static String of(Path folder) {
    ObjectNode configuration = (ObjectNode) JSON.readTree(folder.resolve("config.json"));
    configuration.remove("_name_or_path");
    return configuration.toString();
  }

  /**
   * The architecture of the model that a record is of; empty where the record does not keep it.
   *
   * @throws BitAtlasException when what it keeps is no configuration of a supported model
   */
  public static Optional<Architecture> architecture(RunRecord record) {
    String text = record.provenance().getOrDefault(PROVENANCE, "");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    String origin = "of record " + record.key().substring(0, Math.min(12, record.key().length()));
    try {
      ObjectNode configuration = (ObjectNode) JSON.readTree(text);
      return Optional.of(ArchitectureReader.read(configuration, Path.of(origin)));
    } catch (JacksonException | ClassCastException e) {
      throw new BitAtlasException(
          "The configuration %s is not a JSON object; run its study again.".formatted(origin), e);
    }
  }
}
