package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The file {@code bitatlas.json}: what the stored tensors mean, and where they come from.
 *
 * @param linears quantized layers by module name, in model order
 */
record CheckpointManifest(SequencedMap<String, Entry> linears, Provenance provenance) {

  private static final String KIND = "grid";
  private static final long LARGEST_FILE = 64L << 20;
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /** One layer of kind {@code grid}; the names are {@link GridLinear}'s. */
  record Entry(
      int outputFeatures,
      int inputFeatures,
      int bits,
      int groupSize,
      boolean symmetric,
      boolean groupIndex) {}

  static CheckpointManifest of(QuantizedCheckpoint checkpoint) {
    SequencedMap<String, Entry> linears = new LinkedHashMap<>();
    checkpoint.linears().forEach((module, linear) -> linears.put(module, entry(linear)));
    return new CheckpointManifest(linears, checkpoint.provenance());
  }

  private static Entry entry(StoredLinear linear) {
    return switch (linear) {
      case GridLinear grid ->
          new Entry(
              grid.outputFeatures(),
              grid.inputFeatures(),
              grid.bits(),
              grid.groupSize(),
              grid.symmetric(),
              grid.groupIndex().isPresent());
      case MixedGroupLinear _, BinaryLinear _, FloatLinear _ ->
          throw new IllegalStateException("not stored yet");
    };
  }

  String toJson() {
    ObjectNode root = JSON.createObjectNode();
    root.put("formatVersion", QuantizedCheckpointFolder.FORMAT_VERSION);
    ObjectNode origin = root.putObject("provenance");
    origin.put("baseModel", provenance.baseModel());
    origin.put("baseWeightsDigest", provenance.baseWeightsDigest());
    ObjectNode recipe = origin.putObject("recipe");
    provenance.recipe().forEach(recipe::put);
    ObjectNode calibration = origin.putObject("calibration");
    provenance.calibration().forEach(calibration::put);
    ObjectNode versions = origin.putObject("versions");
    provenance.versions().forEach(versions::put);
    ObjectNode layers = root.putObject("linears");
    linears.forEach((module, entry) ->
        layers
            .putObject(module)
            .put("kind", KIND)
            .put("outputFeatures", entry.outputFeatures())
            .put("inputFeatures", entry.inputFeatures())
            .put("bits", entry.bits())
            .put("groupSize", entry.groupSize())
            .put("symmetric", entry.symmetric())
            .put("groupIndex", entry.groupIndex()));
    return JSON.writeValueAsString(root) + "\n";
  }

  /**
   * Reads and checks a manifest.
   *
   * @throws BitAtlasException when it is of a newer format, is no valid JSON, lacks a field or has
   *     one out of range
   */
  static CheckpointManifest read(Path file) {
    JsonNode root = parse(file);
    int version = integer(root, "formatVersion", 1, Integer.MAX_VALUE, file);
    if (version > QuantizedCheckpointFolder.FORMAT_VERSION) {
      throw new BitAtlasException(
          "%s has format version %d, but this BitAtlas reads versions up to %d; update BitAtlas."
              .formatted(file, version, QuantizedCheckpointFolder.FORMAT_VERSION));
    }
    JsonNode origin = object(root, "provenance", file);
    Provenance provenance =
        new Provenance(
            text(origin, "baseModel", file),
            text(origin, "baseWeightsDigest", file),
            map(origin, "recipe", JsonNode::asString, file),
            map(origin, "calibration", JsonNode::asString, file),
            map(origin, "versions", node -> node.asInt(0), file));
    SequencedMap<String, Entry> linears = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> layer : object(root, "linears", file).properties()) {
      linears.put(layer.getKey(), entry(layer.getKey(), layer.getValue(), file));
    }
    return new CheckpointManifest(linears, provenance);
  }

  private static JsonNode parse(Path file) {
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw malformed(file, "it is larger than " + LARGEST_FILE + " bytes");
      }
      return JSON.readTree(Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new BitAtlasException("Cannot read " + file + ": " + e + ".", e);
    } catch (JacksonException e) {
      throw malformed(file, "it is not valid JSON (" + e.getOriginalMessage() + ")");
    }
  }

  private static Entry entry(String module, JsonNode node, Path file) {
    if (!node.path("kind").asString("").equals(KIND)) {
      throw malformed(
          file, "layer " + module + " has kind " + node.path("kind") + ", known is " + KIND);
    }
    int columns = integer(node, "inputFeatures", 1, Integer.MAX_VALUE / 8, file);
    return new Entry(
        integer(node, "outputFeatures", 1, Integer.MAX_VALUE, file),
        columns,
        integer(node, "bits", 1, 8, file),
        integer(node, "groupSize", 1, columns, file),
        flag(node, "symmetric", file),
        flag(node, "groupIndex", file));
  }

  private static int integer(JsonNode node, String field, int least, int greatest, Path file) {
    JsonNode value = node.path(field);
    if (!value.isInt() || value.intValue() < least || value.intValue() > greatest) {
      throw malformed(
          file, "field %s must be %d to %d, found %s".formatted(field, least, greatest, value));
    }
    return value.intValue();
  }

  private static boolean flag(JsonNode node, String field, Path file) {
    JsonNode value = node.path(field);
    if (!value.isBoolean()) {
      throw malformed(file, "field " + field + " must be true or false, found " + value);
    }
    return value.booleanValue();
  }

  private static String text(JsonNode node, String field, Path file) {
    JsonNode value = node.path(field);
    if (!value.isString()) {
      throw malformed(file, "field " + field + " must be a string, found " + value);
    }
    return value.stringValue();
  }

  private static JsonNode object(JsonNode node, String field, Path file) {
    JsonNode value = node.path(field);
    if (!value.isObject()) {
      throw malformed(file, "field " + field + " must be an object, found " + value);
    }
    return value;
  }

  private static <T> SequencedMap<String, T> map(
      JsonNode node, String field, Function<JsonNode, T> read, Path file) {
    SequencedMap<String, T> values = new LinkedHashMap<>();
    object(node, field, file)
        .properties()
        .forEach(property -> values.put(property.getKey(), read.apply(property.getValue())));
    return values;
  }

  private static BitAtlasException malformed(Path file, String problem) {
    return new BitAtlasException(file + " is malformed: " + problem + ".");
  }
}
