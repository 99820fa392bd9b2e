package org.bitatlas.format.modelslim;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.format.JsonFile;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code quant_model_description.json}: one flat object with the type of every tensor, those that
 * stay float included, and a few fields about the whole.
 *
 * @param types word of each tensor, by its name
 * @param version of the layout: {@code 1.0.0} packs two int4 codes into a byte; empty before that
 * @param groupSize columns that share a second scale; 0 without
 * @param cacheType how keys and values are stored, for example {@code C8}; empty for float
 */
public record Description(
    SequencedMap<String, String> types,
    Optional<String> version,
    int groupSize,
    Optional<String> cacheType) {

  /** Name of the file. */
  public static final String FILE = "quant_model_description.json";

  /** The version that is written. */
  static final String PACKED_VERSION = "1.0.0";

  /** Group size of vLLM-Ascend where the file names none. */
  static final int DEFAULT_GROUP_SIZE = 256;

  private static final int LARGEST_GROUP = 1 << 20;
  private static final Set<String> FIELDS =
      Set.of(
          "model_quant_type",
          "version",
          "group_size",
          "metadata",
          "optional",
          "kv_cache_type",
          "kv_quant_type",
          "fa_quant_type",
          "indexer_quant_type",
          "reduce_quant_type",
          "is_kv_quant");

  /** Copies the map. */
  public Description {
    types = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(types));
  }

  /** A description in the current layout. */
  static Description of(SequencedMap<String, String> types, int groupSize) {
    return new Description(types, Optional.of(PACKED_VERSION), groupSize, Optional.empty());
  }

  /** Whether two int4 codes share a byte. */
  public boolean packed() {
    return version.equals(Optional.of(PACKED_VERSION));
  }

  /** The word of a linear layer: that of its weight. */
  public Optional<String> word(String module) {
    return Optional.ofNullable(types.get(module + TensorNames.WEIGHT));
  }

  /** The word of the whole: the type of the fewest bits. */
  private String overall() {
    LinearType least = LinearType.FLOAT;
    for (String word : types.values()) {
      LinearType type = LinearType.ofWord(word).orElse(LinearType.FLOAT);
      least = type.compareTo(least) > 0 ? type : least;
    }
    return least.name();
  }

  /** The file's content; tensors in the order of their names. */
  byte[] content() {
    ObjectNode root = JsonFile.object();
    root.put("model_quant_type", overall());
    types.keySet().stream().sorted().forEach(name -> root.put(name, types.get(name)));
    version.ifPresent(present -> root.put("version", present));
    root.put("group_size", groupSize);
    root.putObject("metadata");
    root.putObject("optional");
    return JsonFile.content(root);
  }

  /**
   * Reads the description of a folder.
   *
   * @throws BitAtlasException when it is missing, not valid JSON or has a field of another kind
   */
  public static Description read(Path folder) {
    Path file = folder.resolve(FILE);
    ObjectNode root = JsonFile.read(file);
    SequencedMap<String, String> types = new LinkedHashMap<>();
    for (String name : List.copyOf(root.propertyNames())) {
      JsonNode value = root.path(name);
      if (FIELDS.contains(name)) {
        continue;
      }
      if (value.isString()) {
        types.put(name, value.stringValue());
      }
    }
    JsonNode group = root.path("group_size");
    if (!group.isMissingNode()
        && (!group.isInt() || group.intValue() < 0 || group.intValue() > LARGEST_GROUP)) {
      throw new BitAtlasException(
          "The file %s has group_size %s; expected a number of columns, or 0 for none."
              .formatted(file, group));
    }
    return new Description(
        types,
        text(root, "version"),
        group.isMissingNode() ? DEFAULT_GROUP_SIZE : group.intValue(),
        text(root, "kv_cache_type").or(() -> text(root, "fa_quant_type")));
  }

  private static Optional<String> text(ObjectNode root, String field) {
    return root.path(field).isString()
        ? Optional.of(root.path(field).stringValue())
        : Optional.empty();
  }
}
