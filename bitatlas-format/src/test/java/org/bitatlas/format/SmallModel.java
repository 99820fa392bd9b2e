package org.bitatlas.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;

/**
 * A Llama of two blocks with seeded weights: hidden size 64, MLP of 96, 4 heads of 16, 2 key and
 * value heads, vocabulary of 128, biases on the attention's projections.
 */
public final class SmallModel {

  private static final String CONFIGURATION =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": true,
       "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
       "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 128,
       "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "max_position_embeddings": 512,
       "hidden_act": "silu", "mlp_bias": false, "tie_word_embeddings": TIED,
       "torch_dtype": "TYPE", "bos_token_id": 1, "eos_token_id": 2}
      """;

  private SmallModel() {}

  /** Writes a float model with a licence and a notice. */
  public static Path write(Path folder, ElementType type, boolean tied) throws IOException {
    Files.createDirectories(folder);
    String name =
        switch (type) {
          case F16 -> "float16";
          case BF16 -> "bfloat16";
          default -> "float32";
        };
    Files.writeString(
        folder.resolve("config.json"),
        CONFIGURATION.replace("TYPE", name).replace("TIED", String.valueOf(tied)));
    Files.writeString(folder.resolve("LICENSE"), "a licence\n");
    Files.writeString(folder.resolve("Open Source Software Notice"), "a notice\n");
    Files.writeString(folder.resolve("generation_config.json"), "{}\n");
    Architecture architecture = ArchitectureReader.read(folder.resolve("config.json"));
    List<TensorData> tensors = new ArrayList<>();
    CheckpointValidation.expectedTensors(architecture)
        .forEach((tensor, shape) -> {
          long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
          int count = Math.toIntExact(shape.stream().reduce(1L, (a, b) -> a * b));
          float[] values = values(count, tensor.hashCode());
          tensors.add(StoredFloats.tensor(tensor, values, type, sizes));
        });
    SafetensorsWriter.writeSharded(folder, tensors, new LinkedHashMap<>(), 1L << 30);
    return folder;
  }

  /** Writes a float model and beside it a quantized one, of which all linears are as given. */
  public static Path writeQuantized(
      Path folder,
      ElementType type,
      BiFunction<String, int[], StoredLinear> linears,
      SequencedMap<String, LinearActivations> activations)
      throws IOException {
    Path base = write(folder.resolveSibling(folder.getFileName() + "-float"), type, false);
    try (ModelFolder opened = ModelFolder.open(base)) {
      QuantizedCheckpoint quantized =
          new QuantizedCheckpoint(
              linears(opened.architecture(), linears),
              activations,
              new LinkedHashMap<>(),
              new LinkedHashMap<>(),
              provenance());
      try (SafetensorsCheckpoint floats = SafetensorsCheckpoint.open(base)) {
        QuantizedCheckpointFolder.write(quantized, floats, base, folder);
      }
    }
    return folder;
  }

  /** A layer for every projection, by a function of module name and {N, K}. */
  public static SequencedMap<String, StoredLinear> linears(
      Architecture architecture, BiFunction<String, int[], StoredLinear> linears) {
    SequencedMap<String, StoredLinear> all = new LinkedHashMap<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        int[] size = {
          architecture.outputFeatures(projection), architecture.inputFeatures(projection)
        };
        all.put(module, linears.apply(module, size));
      }
    }
    return all;
  }

  /** Where the quantized model says that it comes from. */
  public static Provenance provenance() {
    return new Provenance(
        "tiny/small-model",
        "00ff",
        new LinkedHashMap<>(Map.of("method", "rtn")),
        new LinkedHashMap<>(),
        new LinkedHashMap<>(Map.of("method", 1)));
  }

  /** Seeded normal values. */
  public static float[] values(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() / 8;
    }
    return values;
  }

  /**
   * A grid of seeded codes. Scales are multiples of 2^-14 below 2^-7, which F16 and BF16 hold.
   *
   * @param symmetric zero points in the middle, else seeded from 1 up
   * @param groupIndex group of each column, when scattered
   */
  public static GridLinear grid(
      int rows,
      int columns,
      int bits,
      int groupSize,
      boolean symmetric,
      Optional<int[]> groupIndex,
      long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    int cells = rows * Math.ceilDiv(columns, groupSize);
    float[] scales = new float[cells];
    byte[] zeros = new byte[cells];
    for (int i = 0; i < cells; i++) {
      scales[i] = (1 + random.nextInt(127)) * 0x1p-14f;
      // From 1 up: the older GPTQ layout has no zero point 0.
      int seeded = bits == 1 ? random.nextInt(2) : 1 + random.nextInt((1 << bits) - 1);
      zeros[i] = (byte) (symmetric ? 1 << (bits - 1) : seeded);
    }
    return GridLinear.of(
        rows, columns, bits, groupSize, symmetric, codes, scales, zeros, groupIndex);
  }

  /** A symmetric grid of a group size, for {@link #writeQuantized}. */
  public static BiFunction<String, int[], StoredLinear> symmetric(int bits, int groupSize) {
    return (module, size) ->
        grid(
            size[0],
            size[1],
            bits,
            groupSize == 0 ? size[1] : groupSize,
            true,
            Optional.empty(),
            module.hashCode());
  }

  /** A layer as BiLLM makes them. */
  public static BinaryLinear binary(int rows, int columns) {
    int flags = Math.ceilDiv(columns, 8);
    int cells = rows * BinaryLinear.TERMS;
    return new BinaryLinear(
        rows,
        columns,
        columns,
        new byte[flags],
        new byte[rows * flags],
        new byte[rows * flags],
        values(cells, 1),
        values(cells, 2));
  }

  /** Writes a quantized folder again with some layers as the float model has them. */
  public static void keepFloat(Path quantized, Path target, Predicate<String> modules) {
    Path base = quantized.resolveSibling(quantized.getFileName() + "-float");
    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(quantized);
        SafetensorsCheckpoint floats = SafetensorsCheckpoint.open(base)) {
      opened.quantized().linears().keySet().removeIf(modules);
      QuantizedCheckpointFolder.write(opened.quantized(), floats, base, target);
    }
  }
}
