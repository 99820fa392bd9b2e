package org.bitatlas.format;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.JsonNode;

/**
 * A golden packed layer: codes U8 [N x K], zero points U8 [N x G] and scales F16 [G x N], and the
 * packed tensors that a reference made of them.
 */
public record GoldenLayer(Checkpoint tensors, JsonNode options) implements AutoCloseable {

  /** Opens a case by its description. */
  public static GoldenLayer open(Path description) {
    String name = description.toString().replaceFirst("json$", "safetensors");
    return new GoldenLayer(
        SafetensorsCheckpoint.open(Path.of(name)), JsonFile.read(description).path("options"));
  }

  /** {N, K}. */
  public int[] size() {
    List<Long> shape = tensors.get("codes").shape();
    return new int[] {shape.getFirst().intValue(), shape.getLast().intValue()};
  }

  /** The layer. */
  public GridLinear grid(int bits, int groupSize) {
    int rows = size()[0];
    int groups = tensors.get("zeros").shape().getLast().intValue();
    StoredTensor scales = tensors.get("scales");
    byte[] zeros = bytes("zeros");
    Optional<int[]> index =
        options.path("desc_act").asBoolean(false)
            ? Optional.of(StoredIntegers.ints(tensors.get("g_idx"), size()[1]))
            : Optional.empty();
    return GridLinear.of(
        rows,
        size()[1],
        bits,
        groupSize == -1 ? size()[1] : groupSize,
        ZeroPoints.centred(zeros, bits),
        bytes("codes"),
        PackedWords.transposed(
            StoredFloats.values(scales, List.of((long) groups, (long) rows)), groups, rows),
        zeros,
        index);
  }

  private byte[] bytes(String name) {
    return tensors.get(name).data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  /** Writes tensors of the case under other names, as a checkpoint; a new name by a case's name. */
  public void write(Path file, Map<String, String> names) {
    List<TensorData> renamed =
        names.entrySet().stream()
            .filter(entry -> tensors.find(entry.getKey()).isPresent())
            .map(entry -> {
              StoredTensor tensor = tensors.get(entry.getKey());
              return new TensorData(entry.getValue(), tensor.type(), tensor.shape(), tensor.data());
            })
            .toList();
    SafetensorsWriter.write(file, renamed, new LinkedHashMap<>());
  }

  /** Whether a tensor to be written has the type, shape and bytes of a golden one. */
  public boolean equals(TensorData written, String name) {
    StoredTensor golden = tensors.get(name);
    ElementType type = golden.type();
    return written.type() == type
        && written.shape().equals(golden.shape())
        && written.bytes().get().mismatch(golden.data()) == -1;
  }

  @Override
  public void close() {
    tensors.close();
  }
}
