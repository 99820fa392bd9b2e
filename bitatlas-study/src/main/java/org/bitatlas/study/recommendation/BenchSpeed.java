package org.bitatlas.study.recommendation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.study.RecordKey;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.SpeedRecord;
import org.bitatlas.study.bench.Scheme;
import org.bitatlas.study.target.Workload;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The speed of a scheme as BitAtlas's bench measured it with its own engine.
 *
 * @param scheme name of the scheme
 * @param subject model or shape that was run
 * @param shape what of it must be the same for its speed to be another model's
 * @param processor where it ran
 * @param workload prompt, context and decoded tokens
 * @param prefill tokens of the prompt a second, median over the rounds
 * @param decode decoded tokens a second, median over the rounds
 * @param source the file, or the key of the record
 */
record BenchSpeed(
    String scheme,
    String subject,
    Shape shape,
    String processor,
    Workload workload,
    double prefill,
    double decode,
    String source) {

  private static final String SIMULATED = "simulated";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** What tells whether a model of this architecture was run. */
  interface Shape {
    boolean is(Architecture architecture);
  }

  /**
   * The schemes of a file of {@code bench --json}; those that were only simulated are left out.
   *
   * @throws BitAtlasException when it is no such file
   */
  static List<BenchSpeed> ofFile(Path file) {
    JsonNode root;
    try {
      root = JSON.readTree(Files.readString(file));
    } catch (IOException | JacksonException e) {
      throw new BitAtlasException(
          "The speeds %s cannot be read: %s; give a file of bench --json."
              .formatted(file, e.getMessage()),
          e);
    }
    if (!root.path("schemes").isArray() || !root.path("machine").isObject()) {
      throw new BitAtlasException(
          "The file %s has no schemes and no machine; give a file of bench --json."
              .formatted(file));
    }
    int layers = root.path("layers").asInt();
    long weights = root.path("linearWeights").asLong();
    Workload workload =
        new Workload(
            root.path("prompt").asInt(), root.path("context").asInt(), root.path("tokens").asInt());
    List<BenchSpeed> speeds = new ArrayList<>();
    for (JsonNode scheme : root.path("schemes")) {
      double prefill = scheme.path("prefillTokensPerSecond").path("median").asDouble();
      double decode = scheme.path("decodeTokensPerSecond").path("median").asDouble();
      if (!scheme.path("execution").asString("").equals(SIMULATED) && prefill > 0 && decode > 0) {
        speeds.add(
            new BenchSpeed(
                scheme.path("scheme").asString(""),
                root.path("subject").asString(""),
                architecture ->
                    architecture.layers() == layers && linearWeights(architecture) == weights,
                root.path("machine").path("processor").asString(""),
                workload,
                prefill,
                decode,
                file.toString()));
      }
    }
    return speeds;
  }

  /** The speeds among a study's records. */
  static List<BenchSpeed> ofRecords(List<RunRecord> records) {
    List<BenchSpeed> speeds = new ArrayList<>();
    for (RunRecord record : records) {
      Double prefill = record.metrics().get("prefill_tokens_per_second");
      Double decode = record.metrics().get("decode_tokens_per_second");
      if (SpeedRecord.is(record) && prefill != null && decode != null) {
        String digest = record.inputs().getOrDefault("architecture", "");
        speeds.add(
            new BenchSpeed(
                record.inputs().getOrDefault("scheme", ""),
                record.model(),
                architecture -> RecordKey.sha256(architecture.toString()).equals(digest),
                record.inputs().getOrDefault("processor", ""),
                new Workload(
                    number(record, "prompt"), number(record, "context"), number(record, "tokens")),
                prefill,
                decode,
                record.key()));
      }
    }
    return speeds;
  }

  private static int number(RunRecord record, String input) {
    return Integer.parseInt(record.inputs().getOrDefault(input, "1"));
  }

  private static long linearWeights(Architecture architecture) {
    long block = 0;
    for (Projection projection : Projection.values()) {
      block +=
          (long) architecture.outputFeatures(projection) * architecture.inputFeatures(projection);
    }
    return block * architecture.layers();
  }

  /** The scheme, where it is one that is still known. */
  boolean isOf(Setting setting) {
    return Scheme.all().stream()
        .filter(known -> known.name().equals(scheme))
        .anyMatch(setting::runsAs);
  }

  /**
   * As speeds of one kind each, those that decide first: of a whole request, where prompt and
   * context are the question's, then of decoding and of the prompt.
   */
  List<MeasuredSpeed> speeds(Workload asked) {
    List<MeasuredSpeed> speeds = new ArrayList<>();
    if (workload.prompt() == asked.prompt() && workload.context() == asked.context()) {
      double seconds = asked.prompt() / prefill + asked.newTokens() / decode;
      speeds.add(
          speed(
              "request of %d + %d tokens".formatted(asked.prompt(), asked.newTokens()),
              (asked.prompt() + asked.newTokens()) / seconds));
    }
    speeds.add(speed("decoding behind %d tokens".formatted(workload.context()), decode));
    speeds.add(speed("prefill of %d tokens".formatted(workload.prompt()), prefill));
    return speeds;
  }

  private MeasuredSpeed speed(String what, double rate) {
    return new MeasuredSpeed(processor, "%s, BitAtlas's engine".formatted(what), rate, source);
  }

  /** In words, for what cannot be used. */
  String words() {
    return String.format(Locale.ROOT, "%s of %s on %s (%s)", scheme, subject, processor, source);
  }
}
