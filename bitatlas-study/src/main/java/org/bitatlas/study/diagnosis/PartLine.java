package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.bitatlas.model.Architecture.Projection;

/**
 * Several layers together: attention, MLP, or one projection in all blocks.
 *
 * @param name for example {@code attention} or {@code down_proj}
 * @param layers number of layers
 * @param outputError mean relative output error; NaN without calibration data
 * @param outliers mean of max|x| over RMS of the inputs; NaN without calibration data
 * @param kurtosis median kurtosis of the inputs; NaN without calibration data
 * @param damage sum of the damages of the single layers; empty where not all were measured
 */
public record PartLine(
    String name,
    int layers,
    double outputError,
    double outliers,
    double kurtosis,
    OptionalDouble damage) {

  /** Attention, MLP, then each projection that is there. */
  static List<PartLine> of(List<LayerLine> layers) {
    List<PartLine> parts = new ArrayList<>();
    add(parts, "attention", layers, LayerLine::inAttention);
    add(parts, "mlp", layers, layer -> !layer.inAttention());
    for (Projection projection : Projection.values()) {
      String module = projection.module(0);
      add(
          parts,
          module.substring(module.lastIndexOf('.') + 1),
          layers,
          layer -> layer.report().projection() == projection);
    }
    return parts;
  }

  private static void add(
      List<PartLine> parts, String name, List<LayerLine> all, Predicate<LayerLine> belongs) {
    List<LayerLine> layers = all.stream().filter(belongs).toList();
    if (layers.isEmpty()) {
      return;
    }
    boolean measured = layers.stream().allMatch(layer -> layer.damage().isPresent());
    parts.add(
        new PartLine(
            name,
            layers.size(),
            Arrays.stream(values(layers, LayerLine::outputError)).average().orElse(Double.NaN),
            Arrays.stream(values(layers, LayerLine::outliers)).average().orElse(Double.NaN),
            median(values(layers, LayerLine::kurtosis)),
            measured
                ? OptionalDouble.of(
                    layers.stream().mapToDouble(layer -> layer.damage().orElseThrow()).sum())
                : OptionalDouble.empty()));
  }

  private static double[] values(List<LayerLine> layers, ToDoubleFunction<LayerLine> value) {
    return layers.stream().mapToDouble(value).sorted().toArray();
  }

  private static double median(double[] sorted) {
    return sorted[sorted.length / 2];
  }
}
