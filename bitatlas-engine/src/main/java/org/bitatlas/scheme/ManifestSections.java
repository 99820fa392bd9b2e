package org.bitatlas.scheme;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.Checkpoint;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The sections of {@code bitatlas.json} that say what the stored tensors mean.
 *
 * @param linears by module name, in model order
 * @param activations by module name
 * @param attention by block index
 * @param floats shapes of the float tensors that replaced the base model's, by name
 */
record ManifestSections(
    SequencedMap<String, LinearEntry> linears,
    SequencedMap<String, ActivationEntry> activations,
    SequencedMap<Integer, AttentionEntry> attention,
    SequencedMap<String, List<Long>> floats) {

  /** The first version that has more than linears. */
  private static final int ACTIVATIONS_VERSION = 2;

  private static final String WEIGHT = ".weight";
  private static final int MOST_BLOCKS = 1 << 20;

  ManifestSections() {
    this(
        new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
  }

  static ManifestSections of(CheckpointParts parts) {
    ManifestSections sections = new ManifestSections();
    Map<String, String> owners = parts.transformOwners();
    parts.linears().keySet().forEach(module -> sections.linears.put(module, parts.entry(module)));
    parts
        .activations()
        .forEach((module, around) ->
            sections.activations.put(
                module, ActivationEntry.of(around, owners.getOrDefault(module, module))));
    parts
        .attention()
        .forEach((layer, block) -> sections.attention.put(layer, AttentionEntry.of(block)));
    parts.floats().forEach((name, tensor) -> sections.floats.put(name, tensor.shape()));
    return sections;
  }

  /** Adds the entries of {@code more}. */
  void addAll(ManifestSections more) {
    linears.putAll(more.linears);
    activations.putAll(more.activations);
    attention.putAll(more.attention);
    floats.putAll(more.floats);
  }

  /** Whether a tensor of the base checkpoint is not stored, or with another content. */
  boolean replaces(String tensor) {
    boolean weight = tensor.endsWith(WEIGHT);
    return floats.containsKey(tensor)
        || (weight && linears.containsKey(tensor.substring(0, tensor.length() - WEIGHT.length())));
  }

  void write(ObjectNode root) {
    ObjectNode layers = root.putObject("linears");
    linears.forEach((module, entry) -> LinearEntryJson.write(entry, layers.putObject(module)));
    ObjectNode around = root.putObject("activations");
    activations.forEach((module, entry) -> entry.write(around.putObject(module)));
    ObjectNode blocks = root.putObject("attention");
    attention.forEach((layer, entry) -> entry.write(blocks.putObject(layer.toString())));
    ObjectNode replaced = root.putObject("floats");
    floats.forEach((name, shape) -> {
      ArrayNode sizes = replaced.putArray(name);
      shape.forEach(sizes::add);
    });
  }

  /** Reads the sections of a folder of format {@code version}. */
  static ManifestSections read(JsonFields root, int version) {
    ManifestSections sections = new ManifestSections();
    sections.linears.putAll(
        root.map("linears", (fields, module) -> LinearEntryJson.read(fields.object(module))));
    if (version < ACTIVATIONS_VERSION) {
      return sections;
    }
    sections.activations.putAll(
        root.map("activations", (fields, module) -> ActivationEntry.read(fields.object(module))));
    root.map("attention", (fields, layer) -> AttentionEntry.read(fields.object(layer)))
        .forEach((layer, entry) -> sections.attention.put(block(layer, root), entry));
    sections.floats.putAll(root.map("floats", JsonFields::shape));
    return sections;
  }

  private static int block(String name, JsonFields root) {
    return BlockNames.layer("model.layers." + name + ".")
        .filter(layer -> layer < MOST_BLOCKS && name.equals(layer.toString()))
        .orElseThrow(() -> root.malformed("attention has a block \"" + name + "\""));
  }

  /**
   * Reads what the sections describe.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when a tensor is missing or has another type or
   *     shape than described, or a value is out of range
   */
  CheckpointParts load(Checkpoint stored) {
    return map(stored).inMemory();
  }

  /**
   * What the sections describe, with linears that are read when they are asked for.
   *
   * @throws org.bitatlas.tensor.BitAtlasException as {@link #load}; of linears when they are read
   */
  CheckpointParts map(Checkpoint stored) {
    MappedLinears mapped = new MappedLinears();
    linears.forEach((module, entry) -> mapped.add(module, entry, stored));
    CheckpointParts parts =
        new CheckpointParts(
            mapped, new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
    Map<ActivationEntry.Transform, KroneckerTransform> shared = new HashMap<>();
    activations.forEach((module, entry) -> {
      Optional<KroneckerTransform> transform =
          entry
              .transform()
              .map(described ->
                  shared.computeIfAbsent(
                      described, missing -> TransformStorage.read(missing, stored)));
      parts
          .activations()
          .put(module, new LinearActivations(transform, entry.input(), entry.output()));
    });
    attention.forEach((layer, entry) ->
        parts
            .attention()
            .put(layer, TransformStorage.read(BlockNames.attention(layer), entry, stored)));
    floats.forEach((name, shape) ->
        parts
            .floats()
            .put(
                name,
                new FloatTensor(
                    shape,
                    StoredArrays.floats(
                        stored, name, shape.stream().mapToLong(Long::longValue).toArray()))));
    return parts;
  }
}
