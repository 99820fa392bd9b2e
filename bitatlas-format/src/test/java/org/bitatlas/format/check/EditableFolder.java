package org.bitatlas.format.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.TinyModel;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.node.ObjectNode;

/** A checkpoint folder that a test breaks in one place. */
record EditableFolder(Path path) {

  /** Changes a JSON file. */
  void json(String file, Consumer<ObjectNode> change) throws IOException {
    ObjectNode object = JsonFile.read(path.resolve(file));
    change.accept(object);
    Files.write(path.resolve(file), JsonFile.content(object));
  }

  /** Deletes a file. */
  void delete(String file) throws IOException {
    Files.delete(path.resolve(file));
  }

  /** Writes a file. */
  void write(String file, String text) throws IOException {
    Files.writeString(path.resolve(file), text);
  }

  /** The only safetensors file. */
  Path weights() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files
          .filter(file -> file.toString().endsWith(".safetensors"))
          .findFirst()
          .orElseThrow();
    }
  }

  /** Writes the weights again, changed. */
  void tensors(Consumer<Map<String, TensorData>> change) throws IOException {
    Path file = weights();
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    try (Checkpoint stored = SafetensorsCheckpoint.open(file)) {
      for (String name : stored.names()) {
        StoredTensor tensor = stored.get(name);
        byte[] bytes = TinyModel.bytes(tensor.data());
        tensors.put(name, bytes(name, tensor.type(), tensor.shape(), bytes));
      }
    }
    change.accept(tensors);
    SafetensorsWriter.write(file, List.copyOf(tensors.values()), new LinkedHashMap<>());
  }

  static TensorData bytes(String name, ElementType type, List<Long> shape, byte[] bytes) {
    return new TensorData(name, type, shape, java.lang.foreign.MemorySegment.ofArray(bytes));
  }

  /** Removes a tensor. */
  void remove(String name) throws IOException {
    tensors(all -> all.remove(name));
  }

  /** Replaces a tensor by floats. */
  void floats(String name, float[] values, long... shape) throws IOException {
    tensors(all -> all.put(name, StoredFloats.tensor(name, values, ElementType.F32, shape)));
  }

  /** Replaces a tensor by zeros of another type or shape. */
  void zeros(String name, ElementType type, Long... shape) throws IOException {
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    byte[] bytes = new byte[(int) (count * type.bits() / 8)];
    tensors(all -> all.put(name, bytes(name, type, List.of(shape), bytes)));
  }

  /** Changes the bytes of a tensor. */
  void change(String name, Consumer<byte[]> change) throws IOException {
    tensors(all -> {
      TensorData tensor = all.get(name);
      byte[] bytes = TinyModel.bytes(tensor.bytes().get());
      change.accept(bytes);
      all.put(name, bytes(name, tensor.type(), tensor.shape(), bytes));
    });
  }
}
