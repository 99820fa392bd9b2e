package org.bitatlas.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.nano.Nano;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.BlockParts;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedFolderWriter;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;

/**
 * A quantized Llama of any size with seeded codes, written block by block: what memory and time an
 * export takes is measured with it. Scales are held by F16 and BF16, weights are symmetric; with 8
 * bits the inputs have a fixed range.
 *
 * @param hidden hidden size, a multiple of 128; 128 to a head, four heads to one of keys and values
 * @param blocks decoder blocks
 * @param bits 4 in groups of 128, or 8 per output channel
 */
record LargeModel(int hidden, int blocks, int bits) {

  private static final int GROUP = 128;
  private static final int VOCABULARY = 2048;

  private static final String CONFIGURATION =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": %d,
       "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
       "num_key_value_heads": %d, "head_dim": 128, "vocab_size": 2048, "rms_norm_eps": 1e-05,
       "rope_theta": 10000.0, "max_position_embeddings": 512, "hidden_act": "silu",
       "tie_word_embeddings": false, "torch_dtype": "bfloat16", "bos_token_id": 1,
       "eos_token_id": 2}
      """;

  /** Writes a folder: arguments are its path, hidden size, blocks and bits. */
  public static void main(String[] arguments) throws IOException {
    new LargeModel(
            Integer.parseInt(arguments[1]),
            Integer.parseInt(arguments[2]),
            Integer.parseInt(arguments[3]))
        .write(Path.of(arguments[0]));
  }

  /** Writes the folder, with the embedded model's tokenizer. */
  Path write(Path target) throws IOException {
    Path carried = Files.createTempDirectory("large-model");
    Path nano = Nano.open().modelFolder();
    for (String name : List.of("tokenizer.model", "tokenizer_config.json", "LICENSE.txt")) {
      Files.copy(nano.resolve(name), carried.resolve(name));
    }
    int heads = hidden / 128;
    Files.writeString(
        carried.resolve("config.json"),
        CONFIGURATION.formatted(hidden, 11 * hidden / 4, blocks, heads, Math.max(1, heads / 4)));
    Architecture architecture = ArchitectureReader.read(carried.resolve("config.json"));
    Checkpoint base = new Zeros(carried, CheckpointValidation.expectedTensors(architecture));
    try (QuantizedFolderWriter writer =
        QuantizedFolderWriter.open(target, base, carried, "large model")) {
      for (int layer = 0; layer < blocks; layer++) {
        writer.writeBlock(layer, block(architecture, layer), "");
      }
      writer.finish(BlockParts.of(new LinkedHashMap<>()), SmallModel.provenance());
    }
    return target;
  }

  private BlockParts block(Architecture architecture, int layer) {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    for (Projection projection : Projection.values()) {
      String module = projection.module(layer);
      linears.put(
          module,
          grid(
              architecture.outputFeatures(projection),
              architecture.inputFeatures(projection),
              module.hashCode()));
      if (bits == 8) {
        activations.put(
            module, LinearActivations.rounding(ActivationQuantizer.perTensor(8, true, -4, 4)));
      }
    }
    return new BlockParts(linears, activations, AttentionActivations.NONE, new LinkedHashMap<>());
  }

  private GridLinear grid(int rows, int columns, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int groupSize = bits == 8 ? columns : GROUP;
    byte[] codes = new byte[rows * GridLinear.rowBytes(columns, bits)];
    random.nextBytes(codes);
    float[] scales = new float[rows * (columns / groupSize)];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = (1 + random.nextInt(127)) * 0x1p-14f;
    }
    byte[] zeros = new byte[scales.length];
    Arrays.fill(zeros, (byte) (1 << (bits - 1)));
    return new GridLinear(
        rows, columns, bits, groupSize, true, codes, scales, zeros, Optional.empty());
  }

  /** A float checkpoint of these shapes; only the small tensors have content, which is zero. */
  private record Zeros(Path folder, SequencedMap<String, List<Long>> shapes) implements Checkpoint {

    @Override
    public SequencedCollection<String> names() {
      return shapes.sequencedKeySet();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
      return Optional.ofNullable(shapes.get(name))
          .map(shape -> new StoredTensor(name, ElementType.BF16, shape, zeros(shape), folder));
    }

    private static MemorySegment zeros(List<Long> shape) {
      boolean small = shape.size() == 1 || shape.getFirst() == VOCABULARY;
      long count = shape.stream().reduce(1L, Math::multiplyExact);
      return MemorySegment.ofArray(new byte[small ? Math.toIntExact(2 * count) : 0]);
    }

    @Override
    public StoredTensor get(String name) {
      return find(name).orElseThrow();
    }

    @Override
    public String weightsDigest() {
      return "00ff";
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
