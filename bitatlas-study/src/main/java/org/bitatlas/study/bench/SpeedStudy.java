package org.bitatlas.study.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.model.Execution;
import org.bitatlas.model.Phase;
import org.bitatlas.model.Precision;
import org.bitatlas.nano.Nano;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.study.Machine;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RecordKey;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.SpeedRecord;
import org.bitatlas.study.SpeedSpec;
import org.bitatlas.study.StudyLock;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.tensor.Device;

/**
 * The speeds of a study: a bench of every subject whose records the store lacks, kept as records. A
 * speed is that of the machine it was measured on, which is part of its key.
 */
public final class SpeedStudy {
  /** Raised when the same work would be timed in another way. */
  static final int BEHAVIOUR_VERSION = 1;

  private static final String EMBEDDED = "nano";

  private SpeedStudy() {}

  /**
   * Measures what is missing.
   *
   * @param out folder of the record store
   * @return number of subjects that were measured
   * @throws org.bitatlas.tensor.BitAtlasException when a subject or scheme does not exist
   */
  public static int run(SpeedSpec spec, int threads, Path out, BenchListener listener) {
    return run(spec, threads, out, listener, Bench.LEAST_SECONDS);
  }

  /** The same with another least time of each measurement. */
  static int run(
      SpeedSpec spec, int threads, Path out, BenchListener listener, double leastSeconds) {
    List<Scheme> schemes = spec.schemes().stream().map(Scheme::named).toList();
    BenchOptions options =
        new BenchOptions(
            schemes,
            Precision.preferred().precision(),
            Execution.INTEGER,
            false,
            spec.prompt(),
            spec.context(),
            spec.tokens(),
            spec.rounds(),
            threads,
            Device.CPU);
    int measured = 0;
    try (StudyLock lock = StudyLock.acquire(out);
        RunStore store = RunStore.open(lock.folder())) {
      for (String name : spec.subjects()) {
        try (BenchSubject subject = subject(name)) {
          boolean stored =
              schemes.stream()
                  .map(scheme -> RecordKey.of(inputs(subject, options, scheme)))
                  .allMatch(key -> store.record(key).isPresent());
          if (!stored) {
            keep(subject, options, Bench.run(subject, options, listener, leastSeconds), store);
            measured++;
          }
        }
      }
    }
    return measured;
  }

  private static BenchSubject subject(String name) {
    if (name.equals(EMBEDDED)) {
      return BenchSubject.folder(name, Nano.open().modelFolder());
    }
    return Files.isDirectory(Path.of(name))
        ? BenchSubject.folder(name, Path.of(name))
        : BenchSubject.shape(name);
  }

  private static void keep(
      BenchSubject subject, BenchOptions options, BenchResult result, RunStore store) {
    SequencedMap<String, String> provenance = new LinkedHashMap<>();
    provenance.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    provenance.putAll(result.run().machine());
    for (int i = 0; i < options.schemes().size(); i++) {
      Scheme scheme = options.schemes().get(i);
      SchemeResult own = result.schemes().get(i);
      store.put(record(inputs(subject, options, scheme), scheme, own, provenance), rounds(own));
    }
  }

  private static SequencedMap<String, String> inputs(
      BenchSubject subject, BenchOptions options, Scheme scheme) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put(SpeedRecord.INPUT, "in turns, " + BEHAVIOUR_VERSION);
    inputs.put("subject", subject.name());
    inputs.put("architecture", RecordKey.sha256(subject.architecture().toString()));
    inputs.put("weights", subject.weights());
    inputs.put("scheme", scheme.name());
    inputs.put("scheme_words", scheme.words());
    inputs.put("execution", options.execution().toString());
    inputs.put("precision", options.precision().toString());
    inputs.put("prompt", Integer.toString(options.prompt()));
    inputs.put("context", Integer.toString(options.context()));
    inputs.put("tokens", Integer.toString(options.tokens()));
    inputs.put("rounds", Integer.toString(options.rounds()));
    inputs.put("threads", Integer.toString(options.threads()));
    SequencedMap<String, String> machine = Machine.describe();
    for (String name : List.of("processor", "cores", "system")) {
      inputs.put(name, machine.getOrDefault(name, "unknown"));
    }
    return inputs;
  }

  private static RunRecord record(
      SequencedMap<String, String> inputs,
      Scheme scheme,
      SchemeResult result,
      SequencedMap<String, String> provenance) {
    SchemeFacts facts = result.facts();
    int rounds = result.samples().size();
    double seconds =
        result.samples().stream()
            .mapToDouble(sample -> sample.prefill().seconds() + sample.decode().seconds())
            .sum();
    return new RunRecord(
        RecordKey.of(inputs),
        inputs,
        result.run().subject(),
        scheme.name(),
        SpeedRecord.METHOD,
        scheme.weights().map(Scheme.Weights::bits).orElse(StudyRecipe.FLOAT_BITS),
        SpeedRecord.TASK,
        "",
        Metric.SPEED,
        CellState.OK,
        "",
        result.prefillTokensPerSecond().median(),
        rounds,
        rounds,
        0,
        0,
        metrics(result),
        seconds,
        (long) rounds * result.run().tokens(),
        Optional.of(
            new ModelSize(
                facts.modelBytes(),
                facts.linearBytes(),
                8.0 * facts.linearBytes() / result.run().linearWeights())),
        facts.executionWords(),
        List.of(),
        "",
        provenance,
        "");
  }

  private static SequencedMap<String, Double> metrics(SchemeResult result) {
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    spread(metrics, "prefill_tokens_per_second", result.prefillTokensPerSecond());
    spread(metrics, "decode_tokens_per_second", result.decodeTokensPerSecond());
    spread(metrics, "first_token_seconds", result.secondsToFirstToken());
    spread(metrics, "peak_memory_bytes", result.peakMemory());
    return metrics;
  }

  private static void spread(SequencedMap<String, Double> metrics, String name, Spread spread) {
    if (spread.exists()) {
      metrics.put(name, spread.median());
      metrics.put(name + "_low", spread.low());
      metrics.put(name + "_high", spread.high());
    }
  }

  private static List<SampleRecord> rounds(SchemeResult result) {
    List<SampleRecord> rounds = new ArrayList<>();
    for (int i = 0; i < result.samples().size(); i++) {
      Sample sample = result.samples().get(i);
      SequencedMap<String, Double> measures = new LinkedHashMap<>();
      times(measures, SpeedRecord.PREFILL, SpeedRecord.PREFILL_PHASE, sample.prefill());
      times(measures, SpeedRecord.DECODE, SpeedRecord.DECODE_PHASE, sample.decode());
      sample.peakMemory().ifPresent(bytes -> measures.put("peak_memory_bytes", (double) bytes));
      measures.put("read_bytes_per_second", result.run().limits().get(i).bytesPerSecond());
      rounds.add(new SampleRecord(i, "", "", "", "", "", true, 0, "MEASURED", measures));
    }
    return rounds;
  }

  private static void times(
      SequencedMap<String, Double> measures, String whole, String part, PhaseTimes times) {
    measures.put(whole, times.seconds());
    for (Phase phase : Phase.values()) {
      measures.put(part + phase.name().toLowerCase(Locale.ROOT), times.seconds(phase));
    }
  }
}
