package org.bitatlas.quant.transform.flatquant;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.Gradients;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Learns a block's parameters (FlatQuant, section 3.2): least mean squared error between what the
 * float block and the rounded one make of the float model's hidden states. AdamW with a cosine
 * rate, sequences in their fixed order. The loss is divided by its own value, taken as a constant,
 * so gradients do not depend on its size.
 *
 * <p>Every sequence of a step is a tile and their gradients are summed in order: the result does
 * not depend on the number of threads.
 */
final class FlatTraining {

  /** The rate ends at this fraction of the transforms' rate, for clipping too. */
  private static final double RATE_FLOOR = 1e-3;

  private final DecoderBlock block;
  private final BaseWeights base;
  private final TrainingData data;
  private final Quantization quantization;
  private final StraightThrough rounding;
  private final Tiles tiles;

  FlatTraining(
      DecoderBlock block,
      BaseWeights base,
      TrainingData data,
      Quantization quantization,
      StraightThrough rounding,
      Tiles tiles) {
    this.block = block;
    this.base = base;
    this.data = data;
    this.quantization = quantization;
    this.rounding = rounding;
    this.tiles = tiles;
  }

  /** Told of every step after it was made. */
  interface Listener {

    /** Listens to nothing. */
    Listener NONE = (_, _, _, _) -> {};

    /**
     * A step was made.
     *
     * @param step its number, from 0
     * @param steps all steps
     * @param loss mean squared error before it
     * @param gradients of loss / constant loss, by name of the parameter
     */
    void stepped(int step, int steps, double loss, SequencedMap<String, float[]> gradients);
  }

  /**
   * How training went.
   *
   * @param losses mean squared error before each step that was made
   * @param trouble why it ended early, if it did
   */
  record Outcome(List<Double> losses, Optional<String> trouble) {}

  /**
   * Loss and gradients.
   *
   * @param loss mean squared error of a step; of one sequence, the sum of squared errors
   * @param gradients of the loss over itself as a constant, by the parameters in their order; of
   *     one sequence, of its sum by the operands
   */
  record Slope(double loss, List<float[]> gradients) {

    boolean finite() {
      return Double.isFinite(loss) && gradients.stream().allMatch(Slope::finite);
    }

    private static boolean finite(float[] values) {
      // A sum is not finite when one of its terms is not.
      double sum = 0;
      for (float value : values) {
        sum += Math.abs(value);
      }
      return Double.isFinite(sum);
    }
  }

  /** Trains {@code parameters} in place. */
  Outcome train(BlockParameters parameters, Transform.FlatQuant options, Listener listener) {
    int batch = Math.min(options.batch(), data.sequences());
    int stepsPerEpoch = data.sequences() / batch;
    int steps = options.epochs() * stepsPerEpoch;
    List<Parameter> list = parameters.list();
    List<AdamW> optimizers = list.stream().map(each -> new AdamW(each.values().length)).toList();
    double floor = options.learningRate() * RATE_FLOOR;
    List<Double> losses = new ArrayList<>();
    List<float[]> good = parameters.copyValues();
    for (int step = 0; step < steps; step++) {
      Optional<Slope> slope = slope(parameters, step % stepsPerEpoch * batch, batch);
      if (slope.isEmpty() || !slope.get().finite()) {
        parameters.restore(good);
        return new Outcome(losses, Optional.of(trouble(step, steps, slope)));
      }
      good = parameters.copyValues();
      for (int i = 0; i < list.size(); i++) {
        Parameter parameter = list.get(i);
        double start = options.learningRate() * parameter.rateFactor();
        double rate = new CosineRate(start, floor, steps).at(step);
        optimizers.get(i).step(parameter.values(), slope.get().gradients().get(i), rate);
      }
      losses.add(slope.get().loss());
      listener.stepped(step, steps, slope.get().loss(), named(list, slope.get().gradients()));
    }
    if (!parameters.usable()) {
      parameters.restore(good);
      return new Outcome(losses, Optional.of(trouble(steps - 1, steps, Optional.empty())));
    }
    return new Outcome(losses, Optional.empty());
  }

  private static String trouble(int step, int steps, Optional<Slope> slope) {
    return "%s at step %d of %d; the parameters before it are kept"
        .formatted(
            slope.isPresent() ? "loss or gradient not finite" : "a transform became singular",
            step + 1,
            steps);
  }

  private static SequencedMap<String, float[]> named(
      List<Parameter> parameters, List<float[]> gradients) {
    SequencedMap<String, float[]> named = new LinkedHashMap<>();
    for (int i = 0; i < gradients.size(); i++) {
      named.put(parameters.get(i).name(), gradients.get(i));
    }
    return named;
  }

  /** Loss and gradients of some sequences; empty when a transform cannot be inverted. */
  Optional<Slope> slope(BlockParameters parameters, int firstSequence, int batch) {
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      SequencedMap<String, Tensor> variables = parameters.variables();
      Operands operands;
      try {
        operands = Operands.of(variables, base, quantization, rounding);
      } catch (Factor.SingularException singular) {
        return Optional.empty();
      }
      List<float[]> sums = new ArrayList<>();
      double[] squares = {0};
      tiles.<Slope>mapInOrder(
          batch,
          tile -> sequence(firstSequence + tile, operands),
          part -> {
            squares[0] += part.loss();
            add(sums, part.gradients());
          });
      List<Tensor> outer = new ArrayList<>();
      for (int i = 0; i < sums.size(); i++) {
        outer.add(Tensor.from(sums.get(i), operands.list().get(i).shape()));
      }
      List<float[]> gradients =
          Gradients.of(operands.list(), outer, List.copyOf(variables.values())).stream()
              .map(gradient -> gradient.mulInPlace(1 / squares[0]).toFloats())
              .toList();
      return Optional.of(new Slope(squares[0] / (batch * data.sequenceElements()), gradients));
    }
  }

  /** Sum of squared errors of one sequence and its gradients by the operands. */
  private Slope sequence(int sequence, Operands shared) {
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      Operands operands = shared.variables();
      FlatOperators operators =
          new FlatOperators(block.architecture(), operands, base, quantization, rounding);
      Tensor output = block.forward(data.input(sequence), operators, LinearInputObserver.NONE);
      Tensor error = output.sub(data.target(sequence));
      Tensor squares = error.mul(error).sum();
      List<float[]> gradients =
          Gradients.of(squares, operands.list()).stream().map(Tensor::toFloats).toList();
      return new Slope(squares.item(), gradients);
    }
  }

  private static void add(List<float[]> sums, List<float[]> parts) {
    if (sums.isEmpty()) {
      sums.addAll(parts);
      return;
    }
    for (int i = 0; i < sums.size(); i++) {
      float[] sum = sums.get(i);
      float[] part = parts.get(i);
      for (int j = 0; j < sum.length; j++) {
        sum[j] += part[j];
      }
    }
  }
}
