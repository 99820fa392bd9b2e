package org.bitatlas.checkpoint;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.TreeSet;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The index {@code model.safetensors.index.json} of a sharded checkpoint: which shard holds each
 * tensor. Shard names are relative to the folder of the index and cannot leave it.
 *
 * @param file the index itself
 * @param shards shard name by tensor name
 */
record SafetensorsIndex(Path file, SequencedMap<String, String> shards) {

  /** Name of the index of a checkpoint called {@code model}. */
  static final String FILE_NAME = "model.safetensors.index.json";

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .build();

  /** Reads and validates an index; the shards themselves are not looked at. */
  static SafetensorsIndex read(Path file) {
    JsonNode root;
    try {
      root = JSON.readTree(file);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "Cannot read the index " + file + ": " + e.getOriginalMessage() + ".", e);
    }
    JsonNode weightMap = root.path("weight_map");
    if (!weightMap.isObject()) {
      throw new BitAtlasException(
          "The index " + file + " has no object 'weight_map' from tensor names to shard files.");
    }
    SequencedMap<String, String> shards = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : weightMap.properties()) {
      if (!entry.getValue().isString()) {
        throw new BitAtlasException(
            "The index "
                + file
                + " maps tensor '"
                + entry.getKey()
                + "' to something else than a"
                + " file name.");
      }
      String shard = entry.getValue().stringValue();
      requireInside(file, shard, entry.getKey());
      shards.put(entry.getKey(), shard);
    }
    return new SafetensorsIndex(file, shards);
  }

  /** Shard names, sorted, each once. */
  SequencedSet<String> shardNames() {
    return new TreeSet<>(shards.values());
  }

  /** The file of a shard. */
  Path resolve(String shard) {
    return file.resolveSibling(shard);
  }

  private static void requireInside(Path file, String shard, String tensor) {
    boolean inside;
    try {
      Path path = Path.of(shard);
      inside =
          !shard.isEmpty()
              && !path.isAbsolute()
              && shard.indexOf('\\') < 0
              && path.equals(path.normalize())
              && !path.startsWith("..");
    } catch (InvalidPathException e) {
      inside = false;
    }
    if (!inside) {
      throw new BitAtlasException(
          "The index "
              + file
              + " maps tensor '"
              + tensor
              + "' to '"
              + shard
              + "', which is not a"
              + " file inside its folder.");
    }
  }
}
