package org.bitatlas.quant.sensitivity;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.function.Predicate;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;

/**
 * Puts the linear layers of a quantized checkpoint one at a time in place of those of the same
 * model in float, and measures the damage of each. Transforms stay where the checkpoint has them,
 * and around a layer in float they cancel out.
 */
public final class SingleLayers {

  private final DivergenceMeter meter;
  private final QuantizedCheckpoint floats;
  private final QuantizedCheckpoint quantized;

  /**
   * The damages.
   *
   * @param layers one per quantized layer, in model order
   * @param attention KL with all layers of attention quantized, the MLP's in float
   * @param mlp KL with all layers of the MLP quantized, attention's in float
   * @param all KL with all of them quantized, embedding and head in float
   */
  public record Damages(List<LayerAlone> layers, double attention, double mlp, double all) {}

  private SingleLayers(
      DivergenceMeter meter, QuantizedCheckpoint floats, QuantizedCheckpoint quantized) {
    this.meter = meter;
    this.floats = floats;
    this.quantized = quantized;
  }

  /**
   * Measures every layer. Keys and values of the cache, embedding and head stay in float.
   *
   * @param transformed the checkpoint's recipe stopped in front of rounding
   * @param quantized the checkpoint
   * @param texts what predictions are compared on
   * @param threads threads to use, at least 1; results do not depend on it
   */
  public static Damages measure(
      Source source,
      QuantizedCheckpoint transformed,
      QuantizedCheckpoint quantized,
      CalibrationSet texts,
      int threads,
      SensitivityListener listener) {
    QuantizedCheckpoint floats = withoutRounding(source, transformed, quantized);
    try (Tiles tiles = new Tiles(threads);
        DivergenceMeter meter = new DivergenceMeter(source, Optional.of(floats), texts, tiles)) {
      return new SingleLayers(meter, floats, quantized)
          .damages(source.architecture().layers(), listener);
    }
  }

  /** The layers in float, with the transforms in front of them. */
  private static QuantizedCheckpoint withoutRounding(
      Source source, QuantizedCheckpoint transformed, QuantizedCheckpoint quantized) {
    SequencedMap<String, LinearActivations> around = new LinkedHashMap<>();
    for (int layer = 0; layer < source.architecture().layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        around.put(
            module,
            new LinearActivations(
                quantized.activationsOf(module).transform(), Optional.empty(), Optional.empty()));
      }
    }
    return new QuantizedCheckpoint(
        transformed.linears(),
        around,
        transformed.attention(),
        transformed.floats(),
        transformed.provenance());
  }

  private Damages damages(int blocks, SensitivityListener listener) {
    List<LayerAlone> layers = new ArrayList<>();
    int steps = blocks * Projection.values().length;
    try (DivergenceMeter.Prefix prefix = meter.prefix()) {
      for (int layer = 0; layer < blocks; layer++) {
        for (Projection projection : Projection.values()) {
          if (isQuantized(layer, projection)) {
            layers.add(alone(prefix, layer, projection));
          }
          listener.measured(
              "damage of single layers",
              layer * Projection.values().length + projection.ordinal() + 1,
              steps);
        }
        prefix.advance();
      }
    }
    double attention = together(blocks, SingleLayers::inAttention);
    double mlp = together(blocks, projection -> !inAttention(projection));
    return new Damages(List.copyOf(layers), attention, mlp, together(blocks, _ -> true));
  }

  private LayerAlone alone(DivergenceMeter.Prefix prefix, int layer, Projection projection) {
    String module = projection.module(layer);
    float[] exact = meter.weight(layer, projection);
    meter.set(layer, projection, weight(module));
    double[] weights = prefix.measure();
    double[] both = weights;
    OptionalDouble inputs = OptionalDouble.empty();
    if (!quantized.activationsOf(module).equals(floats.activationsOf(module))) {
      meter.set(layer, projection, quantized.activationsOf(module));
      both = prefix.measure();
      meter.set(layer, projection, exact);
      inputs = OptionalDouble.of(DivergenceMeter.mean(prefix.measure()));
      meter.set(layer, projection, floats.activationsOf(module));
    }
    meter.set(layer, projection, exact);
    return new LayerAlone(
        module,
        DivergenceMeter.mean(weights),
        inputs,
        DivergenceMeter.mean(both),
        DivergenceMeter.standardError(both));
  }

  private double together(int blocks, Predicate<Projection> chosen) {
    SequencedMap<String, float[]> exact = new LinkedHashMap<>();
    forEach(
        blocks,
        chosen,
        (layer, projection) -> {
          exact.put(projection.module(layer), meter.weight(layer, projection));
          meter.set(layer, projection, weight(projection.module(layer)));
          meter.set(layer, projection, quantized.activationsOf(projection.module(layer)));
        });
    double mean = DivergenceMeter.mean(meter.measure());
    forEach(
        blocks,
        chosen,
        (layer, projection) -> {
          String module = projection.module(layer);
          meter.set(layer, projection, Objects.requireNonNull(exact.get(module), module));
          meter.set(layer, projection, floats.activationsOf(module));
        });
    return mean;
  }

  private interface Visitor {
    void visit(int layer, Projection projection);
  }

  private void forEach(int blocks, Predicate<Projection> chosen, Visitor visitor) {
    for (int layer = 0; layer < blocks; layer++) {
      for (Projection projection : Projection.values()) {
        if (chosen.test(projection) && isQuantized(layer, projection)) {
          visitor.visit(layer, projection);
        }
      }
    }
  }

  private boolean isQuantized(int layer, Projection projection) {
    return quantized.linears().containsKey(projection.module(layer));
  }

  private float[] weight(String module) {
    return Objects.requireNonNull(quantized.linears().get(module), module).dequantize();
  }

  private static boolean inAttention(Projection projection) {
    InputGroup group = InputGroup.of(projection);
    return group == InputGroup.ATTENTION || group == InputGroup.ATTENTION_OUTPUT;
  }
}
