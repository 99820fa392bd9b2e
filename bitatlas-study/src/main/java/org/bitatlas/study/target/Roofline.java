package org.bitatlas.study.target;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.study.target.ExecutionScheme.Inputs;
import org.bitatlas.study.target.Prediction.Memory;
import org.bitatlas.study.target.Prediction.Part;

/**
 * Predicts time and memory: every part takes as long as its operations at the peak of their type,
 * or as its bytes at the bandwidth of memory, whichever is longer (Williams, Waterman, Patterson
 * 2009). Parts follow one another.
 */
public final class Roofline {
  /** Operations per element of finding a range and of rounding by it. */
  private static final double RANGE_OPERATIONS = 2;

  private static final double ROUNDING_OPERATIONS = 3;

  /** Operations per attention weight: scale, maximum, exponential, sum, division. */
  private static final double SOFTMAX_OPERATIONS = 5;

  private final HardwareTarget target;
  private final Architecture architecture;
  private final ExecutionScheme scheme;
  private final Set<String> assumptions = new LinkedHashSet<>();

  Roofline(HardwareTarget target, Architecture architecture, ExecutionScheme scheme) {
    this.target = target;
    this.architecture = architecture;
    this.scheme = scheme;
  }

  /** The prediction for one sequence. */
  public static Prediction predict(
      HardwareTarget target, Architecture architecture, ExecutionScheme scheme, Workload workload) {
    return new Roofline(target, architecture, scheme).predict(workload);
  }

  private Prediction predict(Workload workload) {
    // Causal: token t of the prompt sees t keys.
    double pairs = workload.prompt() * (workload.prompt() + 1.0) / 2;
    Map<Part, Double> prefill = pass(workload.prompt(), pairs, workload.prompt());
    Map<Part, Double> decode = pass(1, workload.middle(), workload.middle());
    return new Prediction(prefill, decode, workload, memory(workload), List.copyOf(assumptions));
  }

  /**
   * Seconds of a forward pass.
   *
   * @param rows tokens read
   * @param pairs pairs of a query token and a key token
   * @param keys tokens in the cache
   */
  private Map<Part, Double> pass(double rows, double pairs, double keys) {
    Map<Part, Double> seconds = new EnumMap<>(Part.class);
    int layers = architecture.layers();
    double linears = 0;
    double rounding = 0;
    int different = scheme.blocks().size() == 1 ? 1 : layers;
    for (int layer = 0; layer < different; layer++) {
      rounding += quantization(layer, rows);
      for (Projection projection : Projection.values()) {
        linears += linear(projection, scheme.weight(layer, projection), rows);
      }
    }
    double alike = (double) layers / different;
    seconds.put(Part.LINEAR, alike * linears);
    seconds.put(Part.ATTENTION, layers * attention(rows, pairs, keys));
    seconds.put(Part.QUANTIZATION, alike * rounding);
    seconds.put(Part.POINTWISE, layers * pointwise(rows));
    seconds.put(Part.HEAD, head(scheme.head()));
    return seconds;
  }

  /**
   * Seconds of a linear layer of a forward pass.
   *
   * @param rows tokens read
   */
  double linear(Projection projection, StoredWeight weight, double rows) {
    double outputs = architecture.outputFeatures(projection);
    double inputs = architecture.inputFeatures(projection);
    Arithmetic factors = weight.isFloat() ? scheme.floats() : scheme.factors();
    double bytes =
        weight.bytes(outputs, inputs)
            + rows * inputs * factors.bytes()
            + rows * outputs * scheme.floats().bytes();
    return longer(2 * rows * outputs * inputs, factors, bytes);
  }

  /** Seconds of the head, which sees one token of a sequence. */
  double head(StoredWeight weight) {
    double outputs = architecture.vocabularySize();
    double inputs = architecture.hiddenSize();
    return longer(2 * outputs * inputs, scheme.floats(), weight.bytes(outputs, inputs));
  }

  private double attention(double rows, double pairs, double keys) {
    double width = (double) architecture.heads() * architecture.headDimension();
    double products = longer(4 * pairs * width, scheme.floats(), 0);
    double weights = vector(SOFTMAX_OPERATIONS * pairs * architecture.heads());
    double cached = 2.0 * keyValueWidth() * keys * scheme.cacheBits() / Byte.SIZE;
    double moved = cached + 2 * rows * width * scheme.floats().bytes();
    return Math.max(products + weights, moved / target.bandwidth().value());
  }

  /**
   * The inputs of q, k and v, of o, of gate and up, and of down are rounded once each, where one of
   * them is quantized.
   */
  private double quantization(int layer, double rows) {
    if (scheme.inputs() == Inputs.FLOAT) {
      return 0;
    }
    double values = 0;
    for (InputGroup group : InputGroup.values()) {
      boolean rounded =
          group.projections().stream()
              .anyMatch(projection -> !scheme.weight(layer, projection).isFloat());
      values += rounded ? rows * architecture.inputFeatures(group.projections().getFirst()) : 0;
    }
    boolean dynamic = scheme.inputs() == Inputs.DYNAMIC;
    double operations = ROUNDING_OPERATIONS + (dynamic ? RANGE_OPERATIONS : 0);
    double bytes = (dynamic ? 2 : 1) * scheme.floats().bytes() + scheme.factors().bytes();
    return Math.max(vector(operations * values), values * bytes / target.bandwidth().value());
  }

  /** Two norms, two residual additions, rotary embedding, SwiGLU: values read and written. */
  private double pointwise(double rows) {
    double hidden = architecture.hiddenSize();
    double rotated = (double) architecture.heads() * architecture.headDimension() + keyValueWidth();
    double moved =
        rows
            * (2 * 2 * hidden
                + 2 * 3 * hidden
                + 2 * rotated
                + 3.0 * architecture.intermediateSize());
    double operations =
        rows * (2 * 4 * hidden + 2 * hidden + 3 * rotated + 6.0 * architecture.intermediateSize());
    return Math.max(
        vector(operations), moved * scheme.floats().bytes() / target.bandwidth().value());
  }

  private Memory memory(Workload workload) {
    double linears = 0;
    double biases = 0;
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        linears += scheme.storedBytes(architecture, layer, projection);
        biases += architecture.hasBias(projection) ? architecture.outputFeatures(projection) : 0;
      }
    }
    double rows = architecture.vocabularySize();
    double columns = architecture.hiddenSize();
    boolean once = architecture.tiedEmbeddings() && scheme.embedding().equals(scheme.head());
    double tables =
        scheme.embedding().bytes(rows, columns) + (once ? 0 : scheme.head().bytes(rows, columns));
    double norms = (2.0 * architecture.layers() + 1) * architecture.hiddenSize();
    double weights = linears + tables + (norms + biases) * scheme.floats().bytes();
    double tokens = Math.max(workload.prompt(), workload.context()) + (double) workload.newTokens();
    double cache =
        architecture.layers() * tokens * 2.0 * keyValueWidth() * scheme.cacheBits() / Byte.SIZE;
    double widest = 3.0 * architecture.hiddenSize() + 2.0 * architecture.intermediateSize();
    double activations =
        (workload.prompt() * widest + architecture.vocabularySize()) * scheme.floats().bytes();
    return new Memory(weights, cache, activations);
  }

  private double keyValueWidth() {
    return (double) architecture.keyValueHeads() * architecture.headDimension();
  }

  private double longer(double operations, Arithmetic arithmetic, double bytes) {
    return Math.max(operations / rate(arithmetic), bytes / target.bandwidth().value());
  }

  private double vector(double operations) {
    Optional<Quantity> peak = target.peak(Arithmetic.VECTOR);
    if (peak.isEmpty()) {
      assumptions.add("the rate of element-wise work is unknown; it counts by its memory traffic");
      return 0;
    }
    return operations / peak.get().value();
  }

  /** The peak, or that of the next wider type where none is known. */
  private double rate(Arithmetic arithmetic) {
    List<Arithmetic> wider = new ArrayList<>(List.of(arithmetic));
    switch (arithmetic) {
      case INT4 -> wider.addAll(List.of(Arithmetic.INT8, Arithmetic.BF16, Arithmetic.FP16));
      case INT8, FP16 -> wider.addAll(List.of(Arithmetic.BF16, Arithmetic.FP16));
      case BF16 -> wider.add(Arithmetic.FP16);
      case FP32, VECTOR -> {}
    }
    wider.add(Arithmetic.FP32);
    for (Arithmetic type : wider) {
      Optional<Quantity> peak = target.peak(type);
      if (peak.isPresent()) {
        if (type != arithmetic) {
          assumptions.add(
              "products of %s are unknown; they count at the rate of %s"
                  .formatted(arithmetic, type));
        }
        return peak.get().value();
      }
    }
    assumptions.add("no rate of products is known; they count by their memory traffic");
    return Double.POSITIVE_INFINITY;
  }
}
