package org.bitatlas.format;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/** Writes the safetensors files of an export, with an index where there are several. */
final class ShardedFiles {

  private ShardedFiles() {}

  /**
   * Writes the files.
   *
   * @return names of the files that hold tensors
   */
  static List<String> write(Path folder, WeightFiles.Safetensors weights, long shardBytes) {
    List<List<TensorData>> shards = shards(weights.tensors(), shardBytes);
    if (shards.size() == 1) {
      String name = weights.stem() + ".safetensors";
      SafetensorsWriter.write(folder.resolve(name), shards.getFirst(), weights.metadata());
      return List.of(name);
    }
    List<String> names = new ArrayList<>();
    Map<String, String> places = new TreeMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name =
          String.format(
              Locale.ROOT, "%s-%05d-of-%05d.safetensors", weights.stem(), i + 1, shards.size());
      SafetensorsWriter.write(folder.resolve(name), shards.get(i), weights.metadata());
      names.add(name);
      for (TensorData tensor : shards.get(i)) {
        String other = places.putIfAbsent(tensor.name(), name);
        if (other != null) {
          throw new BitAtlasException(
              "Tensor %s would be written twice, to %s and %s."
                  .formatted(tensor.name(), other, name));
        }
      }
    }
    ObjectNode index = JsonFile.object();
    index.putObject("metadata").put("total_size", weights.tensorBytes());
    ObjectNode map = index.putObject("weight_map");
    places.forEach(map::put);
    AtomicFile.write(
        folder.resolve(weights.stem() + ".safetensors.index.json"), JsonFile.content(index));
    return names;
  }

  private static List<List<TensorData>> shards(List<TensorData> tensors, long shardBytes) {
    List<List<TensorData>> shards = new ArrayList<>();
    shards.add(new ArrayList<>());
    long filled = 0;
    for (TensorData tensor : tensors) {
      long bytes = tensor.byteSize();
      if (filled + bytes > shardBytes && !shards.getLast().isEmpty()) {
        shards.add(new ArrayList<>());
        filled = 0;
      }
      shards.getLast().add(tensor);
      filled += bytes;
    }
    return shards;
  }

  /** Bytes of all tensors in files just written; only headers are read. */
  static long tensorBytes(Path folder, List<String> names) {
    long bytes = 0;
    for (String name : names) {
      try (Checkpoint file = SafetensorsCheckpoint.open(folder.resolve(name))) {
        for (String tensor : file.names()) {
          bytes += file.get(tensor).data().byteSize();
        }
      }
    }
    return bytes;
  }
}
