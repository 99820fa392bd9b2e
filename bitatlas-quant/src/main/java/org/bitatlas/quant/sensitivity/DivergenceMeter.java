package org.bitatlas.quant.sensitivity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Measures KL(float || model) of the next-token predictions on a set of sequences, in nats per
 * token, while single linear layers of the model have other weights. Logits of the float model are
 * computed again from its last hidden states each time: no logits are kept.
 *
 * <p>Results do not depend on the number of threads.
 */
public final class DivergenceMeter implements AutoCloseable {

  private static final int TOKENS_PER_BATCH = 1024;

  private final TransformerModel reference;
  private final TransformerModel model;
  private final boolean ownModel;
  private final Tiles tiles;
  private final List<int[][]> batches = new ArrayList<>();
  private final int sequences;
  private final List<Tensor> truth;

  /**
   * A model whose weights are the float ones.
   *
   * @param parts what is not the source's: embedding and head that are quantized, or a transform
   *     with all that goes with it; empty for the float model itself
   */
  public DivergenceMeter(
      Source source, Optional<QuantizedCheckpoint> parts, CalibrationSet set, Tiles tiles) {
    this.reference =
        TransformerModel.load(source.architecture(), source.checkpoint(), Precision.FP32);
    this.ownModel = parts.isPresent();
    // Setting weights must leave the reference's head alone, which is all that is used of it later.
    this.model =
        parts
            .map(changed ->
                TransformerModel.load(
                    source.architecture(), source.checkpoint(), changed, Precision.FP32))
            .orElse(reference);
    this.tiles = tiles;
    this.sequences = set.sequences().size();
    int length = set.sequences().getFirst().length;
    int perBatch = Math.max(1, TOKENS_PER_BATCH / length);
    for (int first = 0; first < sequences; first += perBatch) {
      batches.add(
          set.sequences()
              .subList(first, Math.min(first + perBatch, sequences))
              .toArray(int[][]::new));
    }
    this.truth = hidden(reference);
  }

  /** Number of sequences. */
  public int sequences() {
    return sequences;
  }

  /** Replaces the weight W [N x K] of a linear layer, row-major. */
  public void set(int layer, Projection projection, float[] weight) {
    model.setWeight(layer, projection, weight);
  }

  /** Replaces what happens around a linear layer. */
  public void set(int layer, Projection projection, LinearActivations activations) {
    model.setActivations(layer, projection, activations);
  }

  /** The weight W [N x K] of a linear layer as it is now. */
  public float[] weight(int layer, Projection projection) {
    return model.weight(layer, projection);
  }

  /** Mean KL of each sequence, as the model is now. */
  public double[] measure() {
    try (Prefix prefix = prefix()) {
      return prefix.measure();
    }
  }

  /** The sequences in front of the first block. */
  public Prefix prefix() {
    List<Tensor> states = new ArrayList<>();
    for (int[][] batch : batches) {
      try (TensorScope _ = TensorScope.open()) {
        states.add(model.embed(batch).copy().unscoped());
      }
    }
    return new Prefix(states);
  }

  /** Hidden states in front of a block, on which the blocks from there on are measured. */
  public final class Prefix implements AutoCloseable {
    private List<Tensor> states;
    private int layer;

    private Prefix(List<Tensor> states) {
      this.states = states;
    }

    /** Moves behind the next block, as it is now. */
    public void advance() {
      List<Tensor> next = run(states, layer, layer + 1);
      states.forEach(Tensor::close);
      states = next;
      layer++;
    }

    /** Mean KL of each sequence with the blocks from here on as they are now. */
    public double[] measure() {
      double[] means = new double[sequences];
      int[] filled = {0};
      tiles.<double[]>mapInOrder(
          batches.size(),
          batch -> {
            NativeRuntime.useSingleThread();
            try (TensorScope _ = TensorScope.open()) {
              return divergence(
                  truth.get(batch),
                  through(states.get(batch), layer, model.architecture().layers()));
            }
          },
          part -> {
            System.arraycopy(part, 0, means, filled[0], part.length);
            filled[0] += part.length;
          });
      return means;
    }

    @Override
    public void close() {
      states.forEach(Tensor::close);
    }
  }

  private List<Tensor> hidden(TransformerModel of) {
    List<Tensor> embedded = new ArrayList<>();
    for (int[][] batch : batches) {
      try (TensorScope _ = TensorScope.open()) {
        embedded.add(of.embed(batch).copy().unscoped());
      }
    }
    List<Tensor> last = new ArrayList<>();
    tiles.<Tensor>mapInOrder(
        batches.size(),
        batch -> {
          NativeRuntime.useSingleThread();
          try (TensorScope _ = TensorScope.open()) {
            Tensor current = embedded.get(batch);
            for (int layer = 0; layer < of.architecture().layers(); layer++) {
              current = of.block(layer, current, LinearInputObserver.NONE);
            }
            return current.copy().unscoped();
          }
        },
        last::add);
    embedded.forEach(Tensor::close);
    return last;
  }

  private List<Tensor> run(List<Tensor> states, int from, int to) {
    List<Tensor> next = new ArrayList<>();
    tiles.<Tensor>mapInOrder(
        states.size(),
        batch -> {
          NativeRuntime.useSingleThread();
          try (TensorScope _ = TensorScope.open()) {
            return through(states.get(batch), from, to).copy().unscoped();
          }
        },
        next::add);
    return next;
  }

  private Tensor through(Tensor states, int from, int to) {
    Tensor current = states;
    for (int layer = from; layer < to; layer++) {
      current = model.block(layer, current, LinearInputObserver.NONE);
    }
    return current;
  }

  /** Mean over the tokens of each sequence: hidden states [B x T x D] of both. */
  private double[] divergence(Tensor expected, Tensor found) {
    Tensor before = reference.head(expected);
    Tensor after = model.head(found);
    Tensor logs = before.logSoftmax(-1);
    Tensor terms = before.softmax(-1).mul(logs.sub(after.logSoftmax(-1)));
    float[] perToken = terms.sum(-1).toFloats();
    int rows = Math.toIntExact(expected.size(0));
    int length = perToken.length / rows;
    double[] means = new double[rows];
    for (int row = 0; row < rows; row++) {
      double sum = 0;
      for (int t = 0; t < length; t++) {
        sum += perToken[row * length + t];
      }
      means[row] = sum / length;
    }
    return means;
  }

  /** Mean of some values. */
  public static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** Standard error of the mean of some values; 0 for a single one. */
  public static double standardError(double[] values) {
    double mean = mean(values);
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    int n = values.length;
    return n < 2 ? 0 : Math.sqrt(squares / (n - 1) / n);
  }

  @Override
  public void close() {
    truth.forEach(Tensor::close);
    if (ownModel) {
      model.close();
    }
    reference.close();
  }
}
