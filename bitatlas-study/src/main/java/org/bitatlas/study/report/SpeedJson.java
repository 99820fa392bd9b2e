package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.model.Phase;
import org.bitatlas.study.bench.BenchResult;
import org.bitatlas.study.bench.BenchRun;
import org.bitatlas.study.bench.PhaseTimes;
import org.bitatlas.study.bench.Sample;
import org.bitatlas.study.bench.SchemeFacts;
import org.bitatlas.study.bench.SchemeResult;
import org.bitatlas.study.bench.Spread;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A bench as JSON, for programs and for the page's script. Times are in seconds, sizes in bytes,
 * rates per second. Fields are only added within a schema version; what was not measured is left
 * out.
 */
final class SpeedJson {

  /** Raised when a field changes its meaning or goes. */
  static final int SCHEMA_VERSION = 1;

  private SpeedJson() {}

  static String of(BenchResult result) {
    return JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build()
            .writeValueAsString(values(result))
        + "\n";
  }

  static Map<String, Object> values(BenchResult result) {
    BenchRun run = result.run();
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("schemaVersion", SCHEMA_VERSION);
    root.put("subject", run.subject());
    root.put("weights", run.weights());
    root.put("layers", run.layers());
    root.put("linearWeights", run.linearWeights());
    root.put("prompt", run.prompt());
    root.put("context", run.context());
    root.put("tokens", run.tokens());
    root.put("rounds", run.limits().size());
    root.put("threads", run.threads());
    root.put("machine", run.machine());
    Map<String, Object> limits = new LinkedHashMap<>();
    spread(limits, "readBytesPerSecond", result.bandwidth());
    Map<String, Object> peaks = new LinkedHashMap<>();
    for (ElementType type : ElementType.values()) {
      spread(peaks, type.name(), result.peak(type));
    }
    limits.put("operationsPerSecond", peaks);
    root.put("limits", limits);
    List<Object> schemes = new ArrayList<>();
    result.schemes().forEach(scheme -> schemes.add(scheme(scheme)));
    root.put("schemes", schemes);
    return root;
  }

  private static Map<String, Object> scheme(SchemeResult result) {
    SchemeFacts facts = result.facts();
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("scheme", facts.scheme());
    node.put("words", facts.words());
    node.put("execution", facts.execution());
    node.put("executionWords", facts.executionWords());
    node.put("arithmetic", facts.arithmetic());
    node.put("modelBytes", facts.modelBytes());
    node.put("linearBytes", facts.linearBytes());
    node.put("tableBytes", facts.tableBytes());
    node.put("otherBytes", facts.otherBytes());
    node.put("cacheBytesPerToken", facts.cachePerPosition());
    node.put("weightsReadPerToken", facts.weightsReadPerToken());
    node.put("bytesReadPerToken", Math.round(result.bytesReadPerToken()));
    spread(node, "prefillTokensPerSecond", result.prefillTokensPerSecond());
    spread(node, "secondsToFirstToken", result.secondsToFirstToken());
    spread(node, "decodeTokensPerSecond", result.decodeTokensPerSecond());
    spread(node, "peakMemoryBytes", result.peakMemory());
    spread(node, "linearsOfPeak", result.linearsOfPeak());
    spread(node, "decodeOfBandwidth", result.decodeOfBandwidth());
    node.put("prefill", phases(result.prefill()));
    node.put("decode", phases(result.decode()));
    List<Object> rounds = new ArrayList<>();
    for (Sample sample : result.samples()) {
      Map<String, Object> round = new LinkedHashMap<>();
      round.put("prefillSeconds", sample.prefill().seconds());
      round.put("decodeSeconds", sample.decode().seconds());
      sample.peakMemory().ifPresent(bytes -> round.put("peakMemoryBytes", bytes));
      rounds.add(round);
    }
    node.put("rounds", rounds);
    List<Object> kernels = new ArrayList<>();
    for (KernelTrace.Use use : result.kernels()) {
      Map<String, Object> kernel = new LinkedHashMap<>();
      kernel.put("operator", use.operator());
      kernel.put("outputFeatures", use.outputFeatures());
      kernel.put("inputFeatures", use.inputFeatures());
      kernel.put("types", use.choice().types());
      kernel.put("kernel", use.choice().kernel());
      kernel.put("instructions", use.choice().instructions());
      kernel.put("calls", use.calls());
      kernel.put("rows", use.rows());
      kernel.put("seconds", use.nanoseconds() * 1e-9);
      kernels.add(kernel);
    }
    node.put("kernels", kernels);
    return node;
  }

  /** The round whose time is the median; its phases add up to its seconds. */
  private static Map<String, Object> phases(PhaseTimes times) {
    Map<String, Object> phases = new LinkedHashMap<>();
    for (Phase phase : Phase.values()) {
      phases.put(phase.name().toLowerCase(Locale.ROOT), times.seconds(phase));
    }
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("seconds", times.seconds());
    node.put("phases", phases);
    return node;
  }

  private static void spread(Map<String, Object> node, String name, Spread spread) {
    if (spread.exists()) {
      Map<String, Object> values = new LinkedHashMap<>();
      values.put("median", spread.median());
      values.put("low", spread.low());
      values.put("high", spread.high());
      node.put(name, values);
    }
  }
}
