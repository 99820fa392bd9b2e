package org.bitatlas.model;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.kernel.AscendScheme;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * One quantized checkpoint under two arithmetics, ours in integers on the CPU and another
 * machine's: whether what was found here holds there.
 *
 * <p>Layers: both are given the same inputs, those of our model, and their outputs are held against
 * the product of the stored weights with these inputs, nothing rounded but to fp32. Logits: each
 * arithmetic runs the whole model by itself.
 */
public final class NumericsComparison implements AutoCloseable {

  private final Architecture architecture;
  private final QuantizedCheckpoint quantized;
  private final TransformerModel ours;
  private final TransformerModel theirs;
  private final TransformerModel exact;
  private final List<EnumMap<Projection, OutputErrors>> layers = new ArrayList<>();

  /**
   * A layer under both arithmetics.
   *
   * @param module its name
   * @param scheme what the other machine executes it as
   * @param ours root mean square error of our outputs, relative to that of the exact outputs
   * @param theirs the same of theirs
   * @param apart the same of the difference between the two
   */
  public record Layer(String module, String scheme, double ours, double theirs, double apart) {}

  /**
   * Both arithmetics on whole sequences.
   *
   * @param layers in model order
   * @param divergence of their logits from ours: mean KL divergence in nats
   * @param agreement part of positions with the same most likely token
   * @param oursToFloat divergence of our logits from the float model's, where there is one
   * @param theirsToFloat the same of theirs
   * @param positions compared
   */
  public record Result(
      List<Layer> layers,
      double divergence,
      double agreement,
      Optional<Double> oursToFloat,
      Optional<Double> theirsToFloat,
      int positions) {}

  /** Sums of squares over all outputs of a layer. */
  private static final class OutputErrors {
    private double size;
    private double ours;
    private double theirs;
    private double apart;

    void add(float[] exact, float[] own, float[] other) {
      for (int i = 0; i < exact.length; i++) {
        size += square(exact[i]);
        ours += square(own[i] - (double) exact[i]);
        theirs += square(other[i] - (double) exact[i]);
        apart += square(other[i] - (double) own[i]);
      }
    }

    private static double square(double value) {
      return value * value;
    }

    double relative(double errors) {
      return size == 0 ? 0 : Math.sqrt(errors / size);
    }
  }

  private NumericsComparison(
      Architecture architecture,
      QuantizedCheckpoint quantized,
      TransformerModel ours,
      TransformerModel theirs,
      TransformerModel exact) {
    this.architecture = architecture;
    this.quantized = quantized;
    this.ours = ours;
    this.theirs = theirs;
    this.exact = exact;
    for (int layer = 0; layer < architecture.layers(); layer++) {
      EnumMap<Projection, OutputErrors> errors = new EnumMap<>(Projection.class);
      for (Projection projection : Projection.values()) {
        errors.put(projection, new OutputErrors());
      }
      layers.add(errors);
    }
  }

  /**
   * Loads a checkpoint three times: ours, theirs, exact.
   *
   * @param folder of a quantized model
   * @param other the other machine's arithmetic
   * @param precision of what is between our integers
   * @throws BitAtlasException where the model is float, or the other machine has no arithmetic for
   *     it
   */
  public static NumericsComparison load(
      ModelFolder folder, Execution other, Precision precision, int threads) {
    QuantizedCheckpoint quantized =
        folder
            .quantized()
            .orElseThrow(() ->
                new BitAtlasException(
                    "The model %s is float; give a quantized one, as quantize writes it."
                        .formatted(folder.folder())));
    Architecture architecture = folder.architecture();
    List<TransformerModel> loaded = new ArrayList<>();
    try {
      loaded.add(folder.load(Precision.BF16, other, threads));
      loaded.add(folder.load(precision, Execution.INTEGER, threads));
      loaded.add(
          TransformerModel.load(
              architecture,
              folder.checkpoint(),
              unrounded(quantized),
              Precision.FP32,
              Execution.SIMULATED,
              threads,
              Device.CPU));
    } catch (RuntimeException refused) {
      loaded.forEach(TransformerModel::close);
      throw refused;
    }
    return new NumericsComparison(
        architecture, quantized, loaded.get(1), loaded.get(0), loaded.get(2));
  }

  /** The checkpoint whose activations are transformed as before, but not rounded. */
  private static QuantizedCheckpoint unrounded(QuantizedCheckpoint quantized) {
    SequencedMap<String, LinearActivations> around = new LinkedHashMap<>();
    quantized
        .activations()
        .forEach((module, old) ->
            around.put(
                module,
                new LinearActivations(old.transform(), Optional.empty(), Optional.empty())));
    SequencedMap<Integer, AttentionActivations> attention = new LinkedHashMap<>();
    quantized
        .attention()
        .forEach((layer, old) ->
            attention.put(
                layer,
                new AttentionActivations(
                    old.headTransform(),
                    old.queryTransform(),
                    Optional.empty(),
                    Optional.empty())));
    return new QuantizedCheckpoint(
        quantized.linears(), around, attention, quantized.floats(), quantized.provenance());
  }

  /**
   * Compares.
   *
   * @param sequences token ids
   * @param floats the model before it was quantized, where it is at hand
   */
  public Result compare(List<int[]> sequences, Optional<TransformerModel> floats) {
    LogitDivergence between = new LogitDivergence();
    LogitDivergence oursToFloat = new LogitDivergence();
    LogitDivergence theirsToFloat = new LogitDivergence();
    for (int[] sequence : sequences) {
      try (TensorScope _ = TensorScope.open()) {
        int[][] ids = {sequence};
        float[] own = ourLogits(ids).toFloats();
        float[] other = theirs.logits(ids).toFloats();
        int vocabulary = architecture.vocabularySize();
        between.add(own, other, vocabulary);
        if (floats.isPresent()) {
          float[] original = floats.get().logits(ids).toFloats();
          oursToFloat.add(original, own, vocabulary);
          theirsToFloat.add(original, other, vocabulary);
        }
      }
    }
    return new Result(
        results(),
        between.mean(),
        between.agreement(),
        floats.map(_ -> oursToFloat.mean()),
        floats.map(_ -> theirsToFloat.mean()),
        between.positions());
  }

  /** Runs our model and holds every layer's outputs against theirs on the way. */
  private Tensor ourLogits(int[][] ids) {
    Tensor hidden = ours.embed(ids);
    for (int layer = 0; layer < architecture.layers(); layer++) {
      int current = layer;
      hidden =
          ours.block(layer, hidden, (projection, input) -> observe(current, projection, input));
    }
    return ours.head(hidden);
  }

  private void observe(int layer, Projection projection, Tensor input) {
    InputGroup group = InputGroup.of(projection);
    if (projection != group.observed()) {
      return;
    }
    try (TensorScope _ = TensorScope.open()) {
      Tensor reference = exact.operators(layer).linear(group, input.to(ElementType.F32));
      Tensor own = ours.operators(layer).linear(group, input);
      Tensor other = theirs.operators(layer).linear(group, input.to(ElementType.BF16));
      long start = 0;
      for (Projection part : group.projections()) {
        int width = architecture.outputFeatures(part);
        OutputErrors errors = layers.get(layer).getOrDefault(part, new OutputErrors());
        errors.add(
            reference.narrow(-1, start, width).toFloats(),
            own.narrow(-1, start, width).toFloats(),
            other.narrow(-1, start, width).toFloats());
        start += width;
      }
    }
  }

  private List<Layer> results() {
    List<Layer> results = new ArrayList<>();
    for (int layer = 0; layer < layers.size(); layer++) {
      for (Map.Entry<Projection, OutputErrors> entry : layers.get(layer).entrySet()) {
        String module = entry.getKey().module(layer);
        OutputErrors errors = entry.getValue();
        results.add(
            new Layer(
                module,
                scheme(module),
                errors.relative(errors.ours),
                errors.relative(errors.theirs),
                errors.relative(errors.apart)));
      }
    }
    return results;
  }

  private String scheme(String module) {
    return Optional.ofNullable(quantized.linears().get(module))
        .filter(stored -> !(stored instanceof FloatLinear))
        .map((StoredLinear stored) ->
            AscendScheme.of(module, stored, quantized.activationsOf(module)).name())
        .orElse("FLOAT");
  }

  @Override
  public void close() {
    ours.close();
    theirs.close();
    exact.close();
  }
}
