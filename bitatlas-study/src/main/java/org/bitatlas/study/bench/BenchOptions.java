package org.bitatlas.study.bench;

import java.util.HashSet;
import java.util.List;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Execution;
import org.bitatlas.model.Precision;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;

/**
 * How a bench is run.
 *
 * @param schemes what is compared, in this order
 * @param precision of the arithmetic that is not integer, in schemes that do not name their own
 * @param execution how the layers of quantized schemes are computed
 * @param requireKernels whether to fail where a layer would not run in its scheme's arithmetic
 * @param prompt tokens of the prompt whose prefill is timed
 * @param context tokens in the cache when decoding begins
 * @param tokens tokens decoded, one after the other
 * @param rounds how often all schemes are measured, one after the other in each round
 * @param threads threads that share the work
 * @param device where the schemes run; the limits are always the CPU's
 */
public record BenchOptions(
    List<Scheme> schemes,
    Precision precision,
    Execution execution,
    boolean requireKernels,
    int prompt,
    int context,
    int tokens,
    int rounds,
    int threads,
    Device device) {

  /** Name of the scheme of a folder that is itself quantized. */
  static final String STORED = "stored";

  /**
   * Checks the amounts.
   *
   * @throws BitAtlasException when one is not positive, a scheme is named twice or the device has
   *     no kernels for the execution
   */
  public BenchOptions {
    require("the prompt", prompt, 1);
    require("the context", context, 1);
    require("the number of decoded tokens", tokens, 1);
    require("the number of rounds", rounds, 1);
    require("the number of threads", threads, 1);
    execution.requireOn(device);
    schemes = List.copyOf(schemes);
    if (new HashSet<>(schemes).size() < schemes.size()) {
      throw new BitAtlasException("A scheme is named twice; name each once.");
    }
  }

  private static void require(String what, int value, int least) {
    if (value < least) {
      throw new BitAtlasException(
          "A bench needs %s to be at least %d, not %d.".formatted(what, least, value));
    }
  }

  /**
   * Checks that sequences fit a model.
   *
   * @throws BitAtlasException when they do not
   */
  void check(Architecture architecture) {
    long longest = Math.max(prompt + 1L, context + tokens + 1L);
    if (longest > architecture.maxPositions()) {
      throw new BitAtlasException(
          "A sequence of %d tokens does not fit the model's context of %d; lower the prompt, the context or the number of decoded tokens."
              .formatted(longest, architecture.maxPositions()));
    }
  }
}
