package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.plan.Stage;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Runs a block on the calibration set and gathers statistics of the inputs of its linears, as its
 * weights meet them: transformed, and rounded where the block rounds activations.
 *
 * <p>Batches run in waves. The inputs of a wave stay in native memory until their products have
 * been added; a product covers a panel of rows of the Gram matrix, right of its diagonal. Products
 * are fp32, sums fp64 in batch order: the wave does not change them.
 */
final class BlockObserver {

  private static final int PANEL = 256;
  private static final int WAVE = 2;

  private final Architecture architecture;
  private final Tiles tiles;
  private final int wave;
  private final StageClock clock;

  BlockObserver(Architecture architecture, Tiles tiles, int threads, StageClock clock) {
    this.architecture = architecture;
    this.tiles = tiles;
    this.wave = WAVE * threads;
    this.clock = clock;
  }

  /** The original block on the float stream, for methods that compare. */
  record Reference(DecoderBlock block, ActivationStream stream) {}

  /** Inputs of one batch, [tokens x K] each, fp32. */
  private record Captured(
      Map<InputGroup, Tensor> inputs,
      Map<InputGroup, Tensor> drifts,
      Map<InputGroup, InputStatistics> statistics)
      implements AutoCloseable {
    @Override
    public void close() {
      inputs.values().forEach(Tensor::close);
      drifts.values().forEach(Tensor::close);
    }
  }

  /** Only the statistics of the inputs. */
  Map<InputGroup, InputStatistics> statistics(
      DecoderBlock block, ActivationStream stream, List<InputGroup> groups) {
    Map<InputGroup, InputStatistics> statistics = new EnumMap<>(InputGroup.class);
    tiles.<Map<InputGroup, InputStatistics>>mapInOrder(
        stream.batches(),
        batch -> {
          NativeRuntime.useSingleThread();
          Map<InputGroup, InputStatistics> found = new EnumMap<>(InputGroup.class);
          try (TensorScope _ = TensorScope.open()) {
            block.forward(stream.batch(batch), block.operators(), describing(block, groups, found));
          }
          return found;
        },
        found -> merge(statistics, found));
    return statistics;
  }

  private static LinearInputObserver describing(
      DecoderBlock block, List<InputGroup> groups, Map<InputGroup, InputStatistics> statistics) {
    return (projection, input) -> {
      InputGroup group = InputGroup.of(projection);
      if (group.observed() == projection && groups.contains(group)) {
        try (TensorScope _ = TensorScope.open()) {
          statistics.put(group, InputStatistics.of(block.transformed(projection, input)));
        }
      }
    };
  }

  /**
   * Gram matrices and statistics.
   *
   * @param reference asks for drifts
   */
  Observations observe(
      DecoderBlock block,
      ActivationStream stream,
      List<InputGroup> groups,
      Optional<Reference> reference) {
    Map<InputGroup, double[]> hessians = new EnumMap<>(InputGroup.class);
    Map<InputGroup, double[]> drifts = new EnumMap<>(InputGroup.class);
    Map<InputGroup, InputStatistics> statistics = new EnumMap<>(InputGroup.class);
    for (InputGroup group : groups) {
      int columns = columns(group);
      hessians.put(group, new double[Math.multiplyExact(columns, columns)]);
      if (reference.isPresent()) {
        drifts.put(group, new double[columns * columns]);
      }
    }
    for (int first = 0; first < stream.batches(); first += wave) {
      int count = Math.min(wave, stream.batches() - first);
      int start = first;
      List<Captured> captured = new ArrayList<>();
      try {
        clock.time(
            Stage.FORWARD,
            () ->
                tiles.<Captured>mapInOrder(
                    count,
                    batch -> {
                      try (TensorScope _ = TensorScope.open()) {
                        return capture(block, stream, groups, start + batch, reference);
                      }
                    },
                    found -> {
                      captured.add(found);
                      merge(statistics, found.statistics());
                    }));
        clock.time(Stage.GRAM, () -> addProducts(captured, groups, hessians, drifts));
      } finally {
        captured.forEach(Captured::close);
      }
    }
    double factor = 2.0 / stream.sequences();
    hessians.forEach((group, sum) -> finish(sum, columns(group), true, factor));
    drifts.forEach((group, sum) -> finish(sum, columns(group), false, factor));
    return new Observations(hessians, drifts, statistics);
  }

  private void addProducts(
      List<Captured> captured,
      List<InputGroup> groups,
      Map<InputGroup, double[]> hessians,
      Map<InputGroup, double[]> drifts) {
    for (InputGroup group : groups) {
      addProducts(captured, group, false, sum(hessians, group));
      if (!drifts.isEmpty()) {
        addProducts(captured, group, true, sum(drifts, group));
      }
    }
  }

  private int columns(InputGroup group) {
    return architecture.inputFeatures(group.observed());
  }

  private static void merge(
      Map<InputGroup, InputStatistics> sum, Map<InputGroup, InputStatistics> next) {
    next.forEach((group, found) -> sum.merge(group, found, InputStatistics::merge));
  }

  private static double[] sum(Map<InputGroup, double[]> sums, InputGroup group) {
    return Objects.requireNonNull(sums.get(group));
  }

  /** Runs one batch; the tensors are the caller's. */
  private static Captured capture(
      DecoderBlock block,
      ActivationStream stream,
      List<InputGroup> groups,
      int batch,
      Optional<Reference> reference) {
    NativeRuntime.useSingleThread();
    Map<InputGroup, InputStatistics> statistics = new EnumMap<>(InputGroup.class);
    Map<InputGroup, Tensor> inputs =
        inputs(block, stream, groups, batch, describing(block, groups, statistics));
    Map<InputGroup, Tensor> drifts = new EnumMap<>(InputGroup.class);
    reference.ifPresent(original -> {
      Map<InputGroup, Tensor> floats =
          inputs(original.block(), original.stream(), groups, batch, LinearInputObserver.NONE);
      floats.forEach((group, input) -> {
        drifts.put(
            group, input.sub(Objects.requireNonNull(inputs.get(group))).contiguous().unscoped());
        input.close();
      });
    });
    return new Captured(inputs, drifts, statistics);
  }

  private static Map<InputGroup, Tensor> inputs(
      DecoderBlock block,
      ActivationStream stream,
      List<InputGroup> groups,
      int batch,
      LinearInputObserver second) {
    Map<InputGroup, Tensor> inputs = new EnumMap<>(InputGroup.class);
    LinearInputObserver observer =
        (projection, input) -> {
          second.observe(projection, input);
          InputGroup group = InputGroup.of(projection);
          if (group.observed() == projection && groups.contains(group)) {
            try (TensorScope _ = TensorScope.open()) {
              Tensor prepared = block.prepared(projection, input).to(ElementType.F32);
              // Inputs are views or shared with the forward pass; the capture owns a copy.
              inputs.put(group, prepared.reshape(-1, input.size(-1)).copy().unscoped());
            }
          }
        };
    try (TensorScope _ = TensorScope.open()) {
      block.forward(stream.batch(batch), block.operators(), observer);
    }
    return inputs;
  }

  private record Panel(int from, int rows, float[] product) {}

  /** sum += X^T X right of the diagonal, or sum += D^T X whole, panel after panel. */
  private void addProducts(List<Captured> captured, InputGroup group, boolean drift, double[] sum) {
    int columns = columns(group);
    int panels = Math.ceilDiv(columns, PANEL);
    tiles.<Panel>mapInOrder(
        captured.size() * panels,
        unit -> {
          NativeRuntime.useSingleThread();
          Captured batch = captured.get(unit / panels);
          int from = unit % panels * PANEL;
          int rows = Math.min(PANEL, columns - from);
          Tensor inputs = Objects.requireNonNull(batch.inputs().get(group));
          try (TensorScope _ = TensorScope.open()) {
            Tensor left = drift ? Objects.requireNonNull(batch.drifts().get(group)) : inputs;
            Tensor right = drift ? inputs : inputs.narrow(1, from, columns - (long) from);
            return new Panel(
                from, rows, left.narrow(1, from, rows).transpose(0, 1).matmul(right).toFloats());
          }
        },
        panel -> add(panel, columns, drift ? 0 : panel.from(), sum));
  }

  private static void add(Panel panel, int columns, int skipped, double[] sum) {
    int width = columns - skipped;
    float[] product = panel.product();
    for (int row = 0; row < panel.rows(); row++) {
      int target = (panel.from() + row) * columns + skipped;
      int source = row * width;
      for (int k = 0; k < width; k++) {
        sum[target + k] += product[source + k];
      }
    }
  }

  private static void finish(double[] sum, int columns, boolean symmetric, double factor) {
    for (int row = 0; row < columns; row++) {
      for (int column = symmetric ? row : 0; column < columns; column++) {
        double value = sum[row * columns + column] * factor;
        sum[row * columns + column] = value;
        if (symmetric) {
          sum[column * columns + row] = value;
        }
      }
    }
  }
}
