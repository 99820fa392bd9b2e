package org.bitatlas.model;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.PackedOperatorsTest.Scheme;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.TensorScope;

/**
 * The smaller embedded model in every scheme, rounded to nearest: logits of prompts and of decoding
 * 1, 3 and 6 rows, in this JVM or, as a program, in one with other kernels.
 */
final class WholeModelProbe {

  private static final int[] ROWS = {1, 3, 6};
  private static final int LONGEST_PROMPT = 4;

  /**
   * What a scheme computed and on what.
   *
   * @param logits all logits
   * @param instructions of the kernels of quantized layers
   * @param refusal what requiring the scheme's kernels said; empty where they are there
   */
  record Outcome(float[] logits, String instructions, String refusal) {}

  private WholeModelProbe() {}

  /** Writes all outcomes to the file that is named. */
  public static void main(String[] arguments) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(
            new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[0]))))) {
      for (Map.Entry<String, Outcome> entry : run().entrySet()) {
        out.writeUTF(entry.getKey());
        out.writeUTF(entry.getValue().instructions());
        out.writeUTF(entry.getValue().refusal());
        out.writeInt(entry.getValue().logits().length);
        for (float value : entry.getValue().logits()) {
          out.writeFloat(value);
        }
      }
      out.writeUTF("");
    }
  }

  /** Reads what {@link #main} wrote. */
  static Map<String, Outcome> read(Path file) throws IOException {
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      for (String name = in.readUTF(); !name.isEmpty(); name = in.readUTF()) {
        String instructions = in.readUTF();
        String refusal = in.readUTF();
        float[] logits = new float[in.readInt()];
        for (int i = 0; i < logits.length; i++) {
          logits[i] = in.readFloat();
        }
        outcomes.put(name, new Outcome(logits, instructions, refusal));
      }
    }
    return outcomes;
  }

  /** All schemes in fp32, and one whose float part is bf16. */
  static Map<String, Outcome> run() {
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    try (ModelFolder nano = ModelFolder.open(GoldenModels.nanoSmall())) {
      for (Scheme scheme : Scheme.values()) {
        outcomes.put(scheme.name(), run(nano, scheme, Precision.FP32));
      }
      outcomes.put("W8A8_DYNAMIC BF16", run(nano, Scheme.W8A8_DYNAMIC, Precision.BF16));
    }
    return outcomes;
  }

  private static Outcome run(ModelFolder nano, Scheme scheme, Precision precision) {
    try (TransformerModel floats =
            TransformerModel.load(nano.architecture(), nano.checkpoint(), Precision.FP32);
        TransformerModel model =
            TransformerModel.load(
                nano.architecture(),
                nano.checkpoint(),
                quantized(floats, scheme),
                precision,
                Execution.INTEGER,
                2)) {
      List<float[]> logits = new ArrayList<>();
      for (int rows : ROWS) {
        decode(model, rows, logits);
      }
      TreeSet<String> instructions = new TreeSet<>();
      model.kernelUses().forEach(use -> instructions.add(use.choice().instructions()));
      String refusal = "";
      try {
        model.requirePromisedKernels();
      } catch (BitAtlasException refused) {
        refusal = String.valueOf(refused.getMessage());
      }
      return new Outcome(flat(logits), String.join(", ", instructions), refusal);
    }
  }

  private static void decode(TransformerModel model, int rows, List<float[]> logits) {
    SplittableRandom random = new SplittableRandom(rows);
    int[][] prompts = new int[rows][];
    for (int row = 0; row < rows; row++) {
      prompts[row] = random.ints(Math.max(1, LONGEST_PROMPT - row), 20, 2000).toArray();
    }
    try (DecodingBatch batch = model.newBatch()) {
      try (TensorScope _ = TensorScope.open()) {
        logits.add(batch.prefill(prompts).toFloats());
        logits.add(batch.step(random.ints(rows, 20, 2000).toArray()).toFloats());
      }
    }
  }

  private static float[] flat(List<float[]> parts) {
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private static QuantizedCheckpoint quantized(TransformerModel floats, Scheme scheme) {
    QuantizedCheckpoint quantized =
        new QuantizedCheckpoint(
            new LinkedHashMap<>(),
            new Provenance(
                "test", "0", new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>()));
    Architecture architecture = floats.architecture();
    SplittableRandom random = new SplittableRandom(5);
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        int rows = architecture.outputFeatures(projection);
        int columns = architecture.inputFeatures(projection);
        StoredLinear linear =
            scheme.bits == 0
                ? scheme.linear(rows, columns, random)
                : rounded(floats.weight(layer, projection), rows, columns, scheme);
        quantized.linears().put(projection.module(layer), linear);
        quantized
            .activations()
            .put(
                projection.module(layer),
                new LinearActivations(Optional.empty(), scheme.input, Optional.empty()));
      }
    }
    return quantized;
  }

  /** Rounds to the nearest code of a symmetric grid per row or group. */
  private static GridLinear rounded(float[] weight, int rows, int columns, Scheme scheme) {
    int group = scheme.groupSize == 0 ? columns : scheme.groupSize;
    int groups = columns / group;
    int middle = 1 << (scheme.bits - 1);
    byte[] codes = new byte[weight.length];
    float[] scales = new float[rows * groups];
    byte[] zeros = new byte[scales.length];
    Arrays.fill(zeros, (byte) middle);
    for (int cell = 0; cell < scales.length; cell++) {
      int from = cell * group;
      float largest = Float.MIN_NORMAL;
      for (int k = from; k < from + group; k++) {
        largest = Math.max(largest, Math.abs(weight[k]));
      }
      scales[cell] = largest / Math.max(1, middle - 1);
      for (int k = from; k < from + group; k++) {
        double code = Math.rint(weight[k] / scales[cell]);
        codes[k] = (byte) Math.clamp((long) code + middle, 0, 2 * middle - 1);
      }
    }
    return GridLinear.of(
        rows, columns, scheme.bits, group, true, codes, scales, zeros, Optional.empty());
  }
}
