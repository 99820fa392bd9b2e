package org.bitatlas.study.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.kernel.TilePool;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.PhaseClock;
import org.bitatlas.study.Machine;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.NativeRuntime;

/**
 * Measures schemes side by side: in each round every scheme once, and the machine's limits, so that
 * a machine that is slower for a while is so for all. A scheme is loaded, run without being
 * counted, measured and freed; so one model at a time is in memory, and its peak is its own.
 */
public final class Bench {

  /** For how long a small model is run again and again, so that its mean is steady. */
  static final double LEAST_SECONDS = 0.2;

  private static final long LEAST_READ_BYTES = 8L << 20;
  private static final long MOST_READ_BYTES = 1L << 30;

  private final BenchSubject subject;
  private final BenchOptions options;
  private final BenchListener listener;
  private final double leastSeconds;

  private Bench(
      BenchSubject subject, BenchOptions options, BenchListener listener, double leastSeconds) {
    this.subject = subject;
    this.options = options;
    this.listener = listener;
    this.leastSeconds = leastSeconds;
  }

  /**
   * Runs all rounds.
   *
   * @throws BitAtlasException when sequences do not fit the model or a scheme the memory
   * @throws CancellationException when the calling thread is interrupted; the interrupt stays
   *     pending
   */
  public static BenchResult run(
      BenchSubject subject, BenchOptions options, BenchListener listener) {
    return run(subject, options, listener, LEAST_SECONDS);
  }

  /** The same with another least time of each measurement. */
  static BenchResult run(
      BenchSubject subject, BenchOptions options, BenchListener listener, double leastSeconds) {
    options.check(subject.architecture());
    if (options.schemes().isEmpty() && subject.stored().isEmpty()) {
      throw new BitAtlasException("There is nothing to measure; name at least one scheme.");
    }
    NativeRuntime.useThreads(options.threads());
    try (TilePool pool = new TilePool(options.threads())) {
      LimitMeter meter =
          new LimitMeter(
              subject.architecture(), options.prompt(), readBytes(subject), pool, leastSeconds / 2);
      return new Bench(subject, options, listener, leastSeconds).rounds(meter);
    } finally {
      NativeRuntime.useSingleThread();
    }
  }

  /** As many bytes as the model in fp32 has: weights that fit a cache are read from it, too. */
  private static long readBytes(BenchSubject subject) {
    long weights = LoadedScheme.linearWeights(subject.architecture());
    return Math.clamp(weights * Float.BYTES, LEAST_READ_BYTES, MOST_READ_BYTES);
  }

  private BenchResult rounds(LimitMeter meter) {
    // An empty scheme stands for the folder's own.
    List<Optional<Scheme>> steps = new ArrayList<>();
    subject.stored().ifPresent(_ -> steps.add(Optional.empty()));
    options.schemes().forEach(scheme -> steps.add(Optional.of(scheme)));
    steps.forEach(step -> MemoryNeed.check(subject, step, options));
    List<Limits> limits = new ArrayList<>();
    List<SchemeFacts> facts = new ArrayList<>();
    List<List<Sample>> samples = new ArrayList<>();
    List<List<KernelTrace.Use>> kernels = new ArrayList<>();
    for (int round = 1; round <= options.rounds(); round++) {
      begin(round, "limits of the machine");
      limits.add(meter.measure());
      kernels.clear();
      for (int i = 0; i < steps.size(); i++) {
        begin(round, steps.get(i).map(Scheme::name).orElse(BenchOptions.STORED));
        System.gc();
        boolean ownPeak = ProcessMemory.resetPeak();
        try (LoadedScheme loaded = load(steps.get(i))) {
          if (round == 1) {
            facts.add(loaded.facts());
            samples.add(new ArrayList<>());
          }
          samples.get(i).add(measure(loaded, ownPeak));
          kernels.add(loaded.model().kernelUses());
        }
      }
    }
    SequencedMap<String, String> machine = new LinkedHashMap<>(Machine.describe());
    if (!options.device().isHost()) {
      machine.put("device", options.device() + " (" + Device.UNTRIED + ")");
    }
    BenchRun run =
        new BenchRun(
            subject.name(),
            subject.weights(),
            LoadedScheme.linearWeights(subject.architecture()),
            subject.architecture().layers(),
            options.prompt(),
            options.context(),
            options.tokens(),
            options.threads(),
            machine,
            List.copyOf(limits));
    List<SchemeResult> results = new ArrayList<>();
    for (int i = 0; i < facts.size(); i++) {
      results.add(new SchemeResult(facts.get(i), run, List.copyOf(samples.get(i)), kernels.get(i)));
    }
    return new BenchResult(run, List.copyOf(results));
  }

  private void begin(int round, String step) {
    requireRunning();
    listener.step(round, options.rounds(), step);
  }

  private static void requireRunning() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("the bench was interrupted");
    }
  }

  private LoadedScheme load(Optional<Scheme> scheme) {
    return scheme.isPresent()
        ? LoadedScheme.load(subject, scheme.get(), options)
        : LoadedScheme.loadStored(subject, options);
  }

  private Sample measure(LoadedScheme loaded, boolean ownPeak) {
    Architecture architecture = subject.architecture();
    // Loading may have changed it.
    NativeRuntime.useThreads(options.threads());
    TransformerLanguageModel language =
        new TransformerLanguageModel(loaded.model(), options.threads());
    String name = loaded.facts().scheme();
    int[] prompt = ids(options.prompt(), architecture);
    int[] context = ids(options.context(), architecture);
    Supplier<PhaseTimes> prefill = () -> generate(language, prompt, 1, name).prefill;
    Supplier<PhaseTimes> decode =
        () -> generate(language, context, 1 + options.tokens(), name).decode;
    repeated(prefill);
    repeated(decode);
    return new Sample(
        repeated(prefill), repeated(decode), ownPeak ? ProcessMemory.peak() : OptionalLong.empty());
  }

  /** The mean of as many runs as a small model needs to be timed: one of a large one. */
  private PhaseTimes repeated(Supplier<PhaseTimes> run) {
    List<PhaseTimes> runs = new ArrayList<>();
    double seconds = 0;
    while (seconds < leastSeconds) {
      PhaseTimes times = run.get();
      runs.add(times);
      seconds += times.seconds();
    }
    return PhaseTimes.mean(runs);
  }

  private static int[] ids(int count, Architecture architecture) {
    SplittableRandom random = new SplittableRandom(count);
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      ids[i] = random.nextInt(architecture.vocabularySize());
    }
    return ids;
  }

  private record Timed(PhaseTimes prefill, PhaseTimes decode) {}

  private static Timed generate(
      TransformerLanguageModel language, int[] prompt, int tokens, String scheme) {
    requireRunning();
    PhaseClock clock = new PhaseClock();
    List<PhaseTimes> first = new ArrayList<>();
    GenerationRequest request =
        new GenerationRequest(prompt, tokens, new Sampling.Greedy(), Set.of());
    PhaseTimes rest =
        clock.during(() -> {
          Generation generation =
              language.stream(
                  request,
                  token -> {
                    if (first.isEmpty()) {
                      first.add(new PhaseTimes(clock.lap()));
                    }
                    return true;
                  });
          PhaseTimes after = new PhaseTimes(clock.lap());
          requireLength(generation, scheme);
          return after;
        });
    return new Timed(first.getFirst(), rest);
  }

  private static void requireLength(Generation generation, String scheme) {
    switch (generation.reason()) {
      case LENGTH -> {}
      case CANCELLED -> throw new CancellationException("the bench was interrupted");
      case NON_FINITE, STOP_TOKEN, REACHED_END ->
          throw new BitAtlasException(
              "Scheme %s computes numbers that are not finite with this model; leave it out with --schemes."
                  .formatted(scheme));
    }
  }
}
