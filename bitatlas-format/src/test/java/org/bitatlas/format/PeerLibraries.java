package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.check.CheckpointCheck;
import org.bitatlas.format.check.Finding;
import org.bitatlas.format.check.LoaderTarget;
import org.bitatlas.format.check.Severity;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;

/**
 * compressed-tensors, GPTQModel, AutoAWQ and transformers in a process of their own; see
 * script/peer/formats.sh.
 *
 * @param process answers to script/peer/formats_peer.py's commands
 * @param folder where files pass between the two
 */
record PeerLibraries(PeerProcess process, Path folder) implements AutoCloseable {

  private static final int[] IDS = {1, 17, 42, 5, 99, 23, 7, 64, 2, 81, 30, 12, 111, 54, 3, 77};

  /** Starts the process; skips the tests where no Python is named. */
  static PeerLibraries start(Path folder) throws IOException {
    String python = System.getProperty("bitatlas.peer.formats", "");
    Assumptions.assumeFalse(python.isEmpty(), "no -Dbitatlas.peer.formats");
    PeerLibraries libraries =
        new PeerLibraries(
            new PeerProcess(python, "script/peer/formats_peer.py", folder.resolve("peer.log")),
            folder);
    System.out.println("versions: " + libraries.answer("versions", Map.of()));
    return libraries;
  }

  @Override
  public void close() throws IOException {
    process.close();
  }

  /** The answer to a command; has {@code error} where a library refused it. */
  JsonNode ask(String command, Map<String, ?> arguments) throws IOException {
    Map<String, Object> request = new HashMap<>(arguments);
    request.put("do", command);
    return process.ask(request);
  }

  /** The answer to a command that must succeed. */
  JsonNode answer(String command, Map<String, ?> arguments) throws IOException {
    JsonNode answer = ask(command, arguments);
    assertThat(answer.has("error")).as(answer.toString()).isFalse();
    return answer;
  }

  /** Asks the peer to unpack {@code theirs} and compares with what is read here of {@code ours}. */
  String compared(String unpacker, Path theirs, Path ours) throws IOException {
    Path out = folder.resolve("weights.safetensors");
    answer(unpacker, Map.of("folder", theirs.toString(), "out", out.toString()));
    return same(ours, out, unpacker.substring("unpack_".length()));
  }

  String refusal(String unpacker, Path model) throws IOException {
    Path out = folder.resolve("refused.safetensors");
    JsonNode answer = ask(unpacker, Map.of("folder", model.toString(), "out", out.toString()));
    assertThat(answer.path("error").asString("")).contains("only supported if produced by");
    return "refused by gptqmodel";
  }

  static String same(Path ours, Path weights, String library) {
    Map<String, float[]> expected = new TreeMap<>();
    try (SafetensorsCheckpoint file = SafetensorsCheckpoint.open(weights)) {
      for (String name : file.names()) {
        expected.put(name, StoredFloats.values(file.get(name), file.get(name).shape()));
      }
    }
    Map<String, float[]> actual = new TreeMap<>();
    try (ModelFolder opened = FormatCatalog.open(ours)) {
      opened
          .quantized()
          .orElseThrow()
          .linears()
          .forEach((module, linear) -> actual.put(module, linear.dequantize()));
    }
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    long count = 0;
    for (Map.Entry<String, float[]> layer : expected.entrySet()) {
      // By value: a weight of 0 has a sign in some libraries.
      float[] mine = actual.getOrDefault(layer.getKey(), new float[0]);
      assertThat(positive(mine)).as(layer.getKey()).isEqualTo(positive(layer.getValue()));
      count += mine.length;
    }
    return "%s: 0 of %d differ".formatted(library, count);
  }

  private static float[] positive(float[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i] + 0f;
    }
    return result;
  }

  /** Loads a folder in transformers and here, in fp32. */
  String logits(Path model, double tolerance) throws IOException {
    Path out = folder.resolve("logits.safetensors");
    JsonNode answer =
        ask("logits", Map.of("folder", model.toString(), "ids", IDS, "out", out.toString()));
    if (answer.has("error")) {
      return "refused: " + answer.path("error").stringValue();
    }
    float[] theirs;
    try (SafetensorsCheckpoint file = SafetensorsCheckpoint.open(out)) {
      theirs = StoredFloats.values(file.get("logits"), file.get("logits").shape());
    }
    float[] ours;
    try (ModelFolder opened = FormatCatalog.open(model);
        TransformerModel loaded = opened.load(Precision.FP32);
        TensorScope _ = TensorScope.open()) {
      ours = loaded.logits(new int[][] {IDS}).toFloats();
    }
    assertThat(ours).hasSameSizeAs(theirs);
    double largest = 0;
    double difference = 0;
    int agreeing = 0;
    int vocabulary = ours.length / IDS.length;
    for (int i = 0; i < ours.length; i++) {
      largest = Math.max(largest, Math.abs(theirs[i]));
      difference = Math.max(difference, Math.abs(ours[i] - theirs[i]));
    }
    for (int position = 0; position < IDS.length; position++) {
      agreeing +=
          largest(ours, position * vocabulary, vocabulary)
                  == largest(theirs, position * vocabulary, vocabulary)
              ? 1
              : 0;
    }
    assertThat(difference / largest).isLessThan(tolerance);
    return String.format(Locale.ROOT, "%.1e, %d of %d", difference / largest, agreeing, IDS.length);
  }

  private static int largest(float[] values, int from, int count) {
    int best = from;
    for (int i = from; i < from + count; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best - from;
  }

  /** Whether a stack loads a folder by its check, but for the tokenizer that these have not. */
  static boolean loads(Path folder, String stack) {
    return findings(folder, stack)
        .noneMatch(finding ->
            finding.severity() != Severity.WARNING && !finding.rule().equals("missing-tokenizer"));
  }

  /** What the check for a stack finds. */
  static Stream<Finding> findings(Path folder, String stack) {
    return CheckpointCheck.run(folder, LoaderTarget.of(stack, Optional.empty()))
        .findings()
        .stream();
  }
}
