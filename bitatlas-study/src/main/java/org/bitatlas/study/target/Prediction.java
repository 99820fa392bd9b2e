package org.bitatlas.study.target;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * How fast a model would run by a roofline: <b>predicted, not measured</b>. A roofline assumes that
 * every part runs at its peak or at the speed of memory, so it is a bound that real programs stay
 * below; it orders schemes rather than times them.
 *
 * @param prefill seconds of the prompt by part
 * @param decode seconds of a decoded token by part
 * @param workload what was asked
 * @param memory bytes that it takes
 * @param assumptions what had to be assumed, as the target does not say
 */
public record Prediction(
    Map<Part, Double> prefill,
    Map<Part, Double> decode,
    Workload workload,
    Memory memory,
    List<String> assumptions) {

  /** A part of the forward pass. */
  public enum Part {
    /** Linear layers of the blocks. */
    LINEAR,
    /** Hidden state to logits. */
    HEAD,
    /** Queries, keys and values. */
    ATTENTION,
    /** Rounding the inputs of linear layers. */
    QUANTIZATION,
    /** Norms, rotary embedding, SwiGLU and residual additions. */
    POINTWISE
  }

  /**
   * Memory in use.
   *
   * @param weights bytes of all weights as stored
   * @param cache bytes of keys and values of context and new tokens
   * @param activations bytes of the widest intermediate values of the prompt
   */
  public record Memory(double weights, double cache, double activations) {

    /** All of it. */
    public double total() {
      return weights + cache + activations;
    }
  }

  /** Copies what is given. */
  public Prediction {
    prefill = ordered(prefill);
    decode = ordered(decode);
    assumptions = List.copyOf(assumptions);
  }

  /** In the order of the parts, so that sums are rounded the same way in every run. */
  private static Map<Part, Double> ordered(Map<Part, Double> times) {
    Map<Part, Double> copy = new EnumMap<>(Part.class);
    copy.putAll(times);
    return Collections.unmodifiableMap(copy);
  }

  /** Predicted seconds to the first token. */
  public double prefillSeconds() {
    return sum(prefill);
  }

  /** Predicted seconds of a decoded token. */
  public double decodeSeconds() {
    return sum(decode);
  }

  /** Predicted seconds of the prompt and all new tokens. */
  public double requestSeconds() {
    return prefillSeconds() + workload.newTokens() * decodeSeconds();
  }

  /** Predicted tokens of the prompt per second. */
  public double prefillTokensPerSecond() {
    return workload.prompt() / prefillSeconds();
  }

  /** Predicted decoded tokens per second. */
  public double decodeTokensPerSecond() {
    return 1 / decodeSeconds();
  }

  /** Predicted share of a part in the prefill, 0 to 1. */
  public double prefillShare(Part part) {
    return prefill.getOrDefault(part, 0.0) / prefillSeconds();
  }

  /** Predicted share of a part in a decoded token, 0 to 1. */
  public double decodeShare(Part part) {
    return decode.getOrDefault(part, 0.0) / decodeSeconds();
  }

  private static double sum(Map<Part, Double> times) {
    return times.values().stream().mapToDouble(Double::doubleValue).sum();
  }
}
