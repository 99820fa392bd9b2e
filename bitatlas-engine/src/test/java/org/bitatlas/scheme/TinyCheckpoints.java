package org.bitatlas.scheme;

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
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.tensor.ElementType;

/** A base checkpoint of a few blocks, and a quantized one that uses all that can be stored. */
final class TinyCheckpoints {

  static final int BLOCKS = 3;

  private TinyCheckpoints() {}

  static String block(int layer) {
    return "model.layers." + layer + ".";
  }

  /** Writes a base model: hidden size 6, MLP of 8, heads of 2, vocabulary of 10. */
  static void writeBase(Path folder, boolean ownHead) throws IOException {
    List<TensorData> tensors = new ArrayList<>();
    tensors.add(floats("model.embed_tokens.weight", 10, 6));
    for (int layer = 0; layer < BLOCKS; layer++) {
      tensors.add(floats(block(layer) + "input_layernorm.weight", 6));
      for (String name : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        tensors.add(floats(block(layer) + "self_attn." + name + ".weight", 6, 6));
      }
      tensors.add(floats(block(layer) + "self_attn.q_proj.bias", 6));
      tensors.add(floats(block(layer) + "mlp.down_proj.weight", 6, 8));
    }
    tensors.add(floats("model.norm.weight", 6));
    if (ownHead) {
      tensors.add(floats("lm_head.weight", 10, 6));
    }
    Files.createDirectories(folder);
    SafetensorsWriter.writeSharded(folder, tensors, new LinkedHashMap<>(), 1L << 30);
    Files.writeString(folder.resolve("config.json"), "{}");
    Files.writeString(folder.resolve("NOTICE"), "notice");
  }

  private static TensorData floats(String name, long... shape) {
    int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    MemorySegment data = MemorySegment.ofArray(new byte[4 * count]);
    float[] values = values(count, name.hashCode());
    for (int i = 0; i < count; i++) {
      data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, values[i]);
    }
    return new TensorData(name, ElementType.F32, Arrays.stream(shape).boxed().toList(), data);
  }

  static float[] values(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Every kind of layer and of activation. */
  static BlockParts parts(int layer) {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    String attention = block(layer) + "self_attn.";
    linears.put(attention + "q_proj", grid(6, 6, 3, 6, layer));
    linears.put(attention + "k_proj", MixedGroupLinearTest.random(6, 6, 4, new int[] {1, 4}));
    linears.put(attention + "v_proj", BinaryLinearTest.random(6, 6, 4));
    linears.put(block(layer) + "mlp.down_proj", new FloatLinear(6, 8, values(48, layer)));
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    KroneckerTransform shared =
        new KroneckerTransform(2, 3, Optional.of(values(4, 1)), Optional.of(values(9, 2)));
    ActivationQuantizer perToken = ActivationQuantizer.perToken(8, true);
    activations.put(
        attention + "q_proj",
        new LinearActivations(Optional.of(shared), Optional.of(perToken), Optional.empty()));
    activations.put(
        attention + "k_proj",
        new LinearActivations(
            Optional.of(
                new KroneckerTransform(2, 3, Optional.of(values(4, 1)), Optional.of(values(9, 2)))),
            Optional.of(new ActivationQuantizer(4, false, Strategy.TOKEN, .9f, .7f, 0, 0)),
            Optional.of(perToken)));
    activations.put(
        attention + "o_proj",
        new LinearActivations(
            Optional.of(new KroneckerTransform(3, 2, Optional.of(values(9, 3)), Optional.empty())),
            Optional.of(ActivationQuantizer.perTensor(8, false, -1.1f, 2.3f)),
            Optional.empty()));
    AttentionActivations heads =
        new AttentionActivations(
            Optional.of(values(4, 4)),
            Optional.of(values(4, 5)),
            Optional.of(ActivationQuantizer.dynamic(4, false, Strategy.HEAD, .95f)),
            Optional.empty());
    SequencedMap<String, FloatTensor> floats = new LinkedHashMap<>();
    floats.put(block(layer) + "input_layernorm.weight", FloatTensor.vector(values(6, 10 + layer)));
    floats.put(attention + "q_proj.bias", FloatTensor.vector(values(6, 20 + layer)));
    return new BlockParts(linears, activations, heads, floats);
  }

  /** A quantized embedding and head, and a final norm. */
  static BlockParts outer() {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    linears.put(QuantizedCheckpoint.EMBEDDING, grid(10, 6, 8, 6, 7));
    linears.put(QuantizedCheckpoint.HEAD, grid(10, 6, 5, 3, 8));
    SequencedMap<String, FloatTensor> floats = new LinkedHashMap<>();
    floats.put("model.norm.weight", FloatTensor.vector(values(6, 9)));
    return new BlockParts(linears, new LinkedHashMap<>(), AttentionActivations.NONE, floats);
  }

  static Provenance provenance() {
    return new Provenance(
        "tiny",
        "00ff",
        new LinkedHashMap<>(Map.of("bits", "3")),
        new LinkedHashMap<>(),
        new LinkedHashMap<>(Map.of("method", 1)));
  }

  /** All parts in one checkpoint. */
  static QuantizedCheckpoint everything() {
    QuantizedCheckpoint whole =
        new QuantizedCheckpoint(
            new LinkedHashMap<>(),
            new LinkedHashMap<>(),
            new LinkedHashMap<>(),
            new LinkedHashMap<>(),
            provenance());
    for (int layer = 0; layer < BLOCKS; layer++) {
      BlockParts parts = parts(layer);
      whole.linears().putAll(parts.linears());
      whole.activations().putAll(parts.activations());
      whole.attention().put(layer, parts.attention());
      whole.floats().putAll(parts.floats());
    }
    whole.linears().putAll(outer().linears());
    whole.floats().putAll(outer().floats());
    return whole;
  }

  /** A grid of seeded codes. */
  static GridLinear grid(int rows, int columns, int bits, int groupSize, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    int cells = rows * ((columns + groupSize - 1) / groupSize);
    byte[] zeros = new byte[cells];
    for (int i = 0; i < cells; i++) {
      zeros[i] = (byte) random.nextInt(1 << bits);
    }
    return GridLinear.of(
        rows, columns, bits, groupSize, false, codes, values(cells, seed), zeros, Optional.empty());
  }
}
