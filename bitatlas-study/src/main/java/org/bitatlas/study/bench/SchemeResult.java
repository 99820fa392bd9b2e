package org.bitatlas.study.bench;

import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.model.Phase;

/**
 * What was measured of a scheme.
 *
 * @param facts what it is
 * @param run how long the sequences were, and what the machine can do
 * @param samples one per round
 * @param kernels what the linear layers of integer execution ran on in the last round
 */
public record SchemeResult(
    SchemeFacts facts, BenchRun run, List<Sample> samples, List<KernelTrace.Use> kernels) {

  /** Tokens of the prompt over the time to the first token. */
  public Spread prefillTokensPerSecond() {
    return spread(sample -> run.prompt() / sample.prefill().seconds());
  }

  /** Seconds from the request to the first token. */
  public Spread secondsToFirstToken() {
    return spread(sample -> sample.prefill().seconds());
  }

  /** Tokens after the first over their time. */
  public Spread decodeTokensPerSecond() {
    return spread(sample -> run.tokens() / sample.decode().seconds());
  }

  /** Most physical memory of the program; none where the system does not tell. */
  public Spread peakMemory() {
    return Spread.of(
        samples.stream()
            .filter(sample -> sample.peakMemory().isPresent())
            .mapToDouble(sample -> sample.peakMemory().getAsLong())
            .toArray());
  }

  /**
   * Rate of the linear layers of the prefill as a fraction of oneDNN's with packed weights at the
   * same shapes, type and round; none where oneDNN has no kernels for the type.
   */
  public Spread linearsOfPeak() {
    return Spread.of(
        IntStream.range(0, samples.size())
            .filter(round -> run.limits().get(round).peak(facts.arithmetic()).isPresent())
            .mapToDouble(round ->
                2.0
                    * run.linearWeights()
                    * run.prompt()
                    / samples.get(round).prefill().seconds(Phase.LINEAR)
                    / run.limits().get(round).peak(facts.arithmetic()).getAsDouble())
            .toArray());
  }

  /**
   * Bytes of weights and cache read per token, over the time per token, as a fraction of the
   * bandwidth of reading memory in the same round.
   */
  public Spread decodeOfBandwidth() {
    return Spread.of(
        IntStream.range(0, samples.size())
            .mapToDouble(round ->
                bytesReadPerToken()
                    * run.tokens()
                    / samples.get(round).decode().seconds()
                    / run.limits().get(round).bytesPerSecond())
            .toArray());
  }

  /** Bytes of weights, and of the cache halfway through decoding. */
  public double bytesReadPerToken() {
    double positions = run.context() + (run.tokens() + 1) / 2.0;
    return facts.weightsReadPerToken() + facts.cachePerPosition() * positions;
  }

  /** The phases of the prefill in the round whose time is the median. */
  public PhaseTimes prefill() {
    return middle(Sample::prefill);
  }

  /** The phases of decoding in the round whose time is the median. */
  public PhaseTimes decode() {
    return middle(Sample::decode);
  }

  private PhaseTimes middle(Function<Sample, PhaseTimes> part) {
    List<PhaseTimes> sorted =
        samples.stream().map(part).sorted(Comparator.comparingDouble(PhaseTimes::seconds)).toList();
    return sorted.get((sorted.size() - 1) / 2);
  }

  private Spread spread(ToDoubleFunction<Sample> value) {
    return Spread.of(samples.stream().mapToDouble(value).toArray());
  }
}
