package org.bitatlas.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.node.ObjectNode;

/** A model of two small blocks with random weights, on disk, and quantized versions of it. */
public final class TinyModel {

  /** What a layer becomes. */
  public record Layer(StoredLinear linear, LinearActivations around) {}

  private TinyModel() {}

  /**
   * Writes the float model: architecture of openPangu-Embedded, width 64, feed-forward 128.
   *
   * @param type F16 or BF16, of the weights and in {@code torch_dtype}
   */
  public static Path write(Path folder, ElementType type, boolean tied) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"architectures": ["PanguEmbeddedForCausalLM"], "model_type": "PanguEmbedded",
         "bias": true, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 48,
         "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 64,
         "tie_word_embeddings": %s, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "%s"}
        """
            .formatted(tied, type == ElementType.F16 ? "float16" : "bfloat16"));
    Architecture architecture = ArchitectureReader.read(folder.resolve("config.json"));
    SplittableRandom random = new SplittableRandom(7);
    List<TensorData> tensors = new ArrayList<>();
    CheckpointValidation.expectedTensors(architecture)
        .forEach((name, shape) -> tensors.add(random(name, shape, type, random)));
    SafetensorsWriter.writeSharded(folder, tensors, new LinkedHashMap<>(), 1L << 30);
    Files.writeString(folder.resolve("tokenizer.model"), "pieces");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
    Files.writeString(folder.resolve("LICENSE"), "terms");
    return folder;
  }

  private static TensorData random(
      String name, List<Long> shape, ElementType type, SplittableRandom random) {
    int count = shape.stream().reduce(1L, Math::multiplyExact).intValue();
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextDouble() - 0.5);
    }
    long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
    return StoredFloats.tensor(name, values, type, sizes);
  }

  /** A quantized version: what {@code quantize} makes of each linear layer, empty for float. */
  public static QuantizedCheckpoint quantized(
      Architecture architecture, Function<String, Optional<Layer>> quantize) {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        quantize
            .apply(module)
            .ifPresent(made -> {
              linears.put(module, made.linear());
              if (!made.around().equals(LinearActivations.NONE)) {
                activations.put(module, made.around());
              }
            });
      }
    }
    return new QuantizedCheckpoint(
        linears,
        activations,
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        new Provenance(
            "tiny",
            "00ff",
            new LinkedHashMap<>(Map.of("method", "rtn")),
            new LinkedHashMap<>(),
            new LinkedHashMap<>()));
  }

  /** A random layer on a symmetric grid. */
  public static GridLinear grid(int rows, int columns, int bits, int groupSize, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    float[] scales = new float[rows * Math.ceilDiv(columns, groupSize)];
    byte[] zeros = new byte[scales.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (float) (0.01 + random.nextDouble() / 100);
      zeros[i] = (byte) (1 << (bits - 1));
    }
    return GridLinear.of(
        rows, columns, bits, groupSize, true, codes, scales, zeros, Optional.empty());
  }

  /** As an export starts from it; the checkpoint must be closed. */
  public static ExportSource source(Path model, Function<String, Optional<Layer>> quantize) {
    Architecture architecture = ArchitectureReader.read(model.resolve("config.json"));
    Checkpoint floats = SafetensorsCheckpoint.open(model);
    ObjectNode configuration = JsonFile.read(model.resolve("config.json"));
    return new ExportSource(
        quantized(architecture, quantize), floats, architecture, configuration, model);
  }

  /** Bytes of a tensor, for tests that change some. */
  public static byte[] bytes(MemorySegment data) {
    return Arrays.copyOf(data.toArray(ValueLayout.JAVA_BYTE), (int) data.byteSize());
  }
}
