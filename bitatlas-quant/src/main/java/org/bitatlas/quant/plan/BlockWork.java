package org.bitatlas.quant.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;

/**
 * Operations of the parts of one block. A multiplication and an addition are two operations.
 *
 * @param architecture the model
 * @param calibration the calibration set
 */
record BlockWork(Architecture architecture, Calibration calibration) {

  private static final int PANEL = 256;

  /** The block over at most so many sequences; 0 for all. */
  BlockWork withSequences(int samples) {
    return samples == 0 || samples >= calibration.sequences()
        ? this
        : new BlockWork(architecture, new Calibration(samples, calibration.length()));
  }

  /** Weights of all linears. */
  long weights() {
    return weights(Set.of(Projection.values()));
  }

  long weights(Set<Projection> projections) {
    return projections.stream().mapToLong(this::weights).sum();
  }

  long weights(Projection projection) {
    return (long) architecture.outputFeatures(projection) * architecture.inputFeatures(projection);
  }

  /** K of a group. */
  long columns(InputGroup group) {
    return architecture.inputFeatures(group.observed());
  }

  /** Sum of K over the four groups. */
  long inputChannels() {
    return Arrays.stream(InputGroup.values()).mapToLong(this::columns).sum();
  }

  /** A run of the whole block over the calibration set. */
  List<Work> forward(Stage stage) {
    List<Work> work = new ArrayList<>(attention(stage));
    work.addAll(mlp(stage));
    // Two norms of about four passes, two residuals, embedding in and out.
    work.add(pointwise(stage, 14L * architecture.hiddenSize()));
    return work;
  }

  /** q, k, v, rotation, attention, o. */
  List<Work> attention(Stage stage) {
    long heads = (long) architecture.heads() * architecture.headDimension();
    long keys = (long) architecture.keyValueHeads() * architecture.headDimension();
    return List.of(
        product(
            stage,
            calibration.tokens(),
            weights(Set.of(Projection.QUERY, Projection.KEY, Projection.VALUE, Projection.OUTPUT))),
        new Work(
            stage,
            Kernel.ATTENTION,
            2.0 * calibration.tokens() * (calibration.length() + 1) * heads),
        // Rotation takes three passes, repeating keys and values and turning heads round one each.
        pointwise(stage, 3 * (heads + keys) + 4 * heads));
  }

  /** Gate, up, SwiGLU, down. */
  List<Work> mlp(Stage stage) {
    return List.of(
        product(
            stage,
            calibration.tokens(),
            weights(Set.of(Projection.GATE, Projection.UP, Projection.DOWN))),
        pointwise(stage, 3L * architecture.intermediateSize()));
  }

  /** X W^T of {@code tokens} rows with {@code weights} weights. */
  Work product(Stage stage, double tokens, double weights) {
    return new Work(stage, Kernel.PRODUCT, 2 * tokens * weights);
  }

  /** Passes over {@code values} values of every token. */
  Work pointwise(Stage stage, double values) {
    return new Work(stage, Kernel.POINTWISE, calibration.tokens() * values);
  }

  /** X^T X right of the diagonal, in panels of rows. */
  Work gram(InputGroup group) {
    long columns = columns(group);
    double products = 0;
    for (long from = 0; from < columns; from += PANEL) {
      products += (double) Math.min(PANEL, columns - from) * (columns - from);
    }
    return new Work(Stage.GRAM, Kernel.GRAM, 2.0 * calibration.tokens() * products);
  }

  /** D^T X, which is not symmetric. */
  Work wholeGram(Stage stage, InputGroup group) {
    return new Work(
        stage, Kernel.GRAM, 2.0 * calibration.tokens() * columns(group) * columns(group));
  }

  /** Cholesky factor (K^3 / 3) and triangular inverse (K^3 / 3). */
  Work factor(InputGroup group) {
    return new Work(Stage.FACTOR, Kernel.CHOLESKY, 2.0 / 3 * Math.pow(columns(group), 3));
  }

  /** Errors of N rows over K columns: N K^2. */
  Work sweep(Projection projection) {
    return new Work(
        Stage.SWEEP,
        Kernel.SWEEP,
        (double) weights(projection) * architecture.inputFeatures(projection));
  }

  /** tr(D G D^T) and tr(W G W^T): two products of N K^2. */
  Work error(Projection projection) {
    return new Work(
        Stage.ERRORS,
        Kernel.PRODUCT,
        4.0 * weights(projection) * architecture.inputFeatures(projection));
  }
}
