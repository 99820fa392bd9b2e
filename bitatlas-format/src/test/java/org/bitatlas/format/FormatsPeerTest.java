package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.format.awq.AwqWriter;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.compressed.CompressedTensorsWriter;
import org.bitatlas.format.gptq.GptqVersion;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * compressed-tensors, GPTQModel, AutoAWQ and transformers on checkpoints written here, and the
 * other way round. Needs {@code -Dbitatlas.peer.formats=PYTHON}, see script/peer/formats.sh; prints
 * the tables of docs/formats.md.
 */
@Tag("peer")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FormatsPeerTest {

  private static final int[] IDS = {1, 17, 42, 5, 99, 23, 7, 64, 2, 81, 30, 12, 111, 54, 3, 77};
  private static final int GROUP = 32;

  private Path folder = Path.of("");
  private Optional<PeerProcess> peer = Optional.empty();

  @BeforeAll
  void start(@TempDir Path shared) throws IOException {
    String python = System.getProperty("bitatlas.peer.formats", "");
    Assumptions.assumeFalse(python.isEmpty(), "no -Dbitatlas.peer.formats");
    folder = shared;
    peer =
        Optional.of(
            new PeerProcess(python, "script/peer/formats_peer.py", folder.resolve("peer.log")));
    System.out.println("versions: " + answer("versions", Map.of()));
  }

  @AfterAll
  void stop() throws IOException {
    if (peer.isPresent()) {
      peer.get().close();
    }
  }

  private JsonNode ask(String command, Map<String, ?> arguments) throws IOException {
    Map<String, Object> request = new HashMap<>(arguments);
    request.put("do", command);
    return peer.orElseThrow().ask(request);
  }

  private JsonNode answer(String command, Map<String, ?> arguments) throws IOException {
    JsonNode answer = ask(command, arguments);
    assertThat(answer.has("error")).as(answer.toString()).isFalse();
    return answer;
  }

  /** How layers are made for a case. */
  private record Layers(String name, BiFunction<String, int[], StoredLinear> grids) {

    static Layers of(int bits, int groupSize, boolean symmetric, boolean actOrder) {
      String name =
          "%d bits, %s%s%s"
              .formatted(
                  bits,
                  groupSize == 0 ? "per channel" : "groups of " + groupSize,
                  symmetric ? ", symmetric" : ", asymmetric",
                  actOrder ? ", act order" : "");
      return new Layers(
          name,
          (module, size) -> {
            int columns = groupSize == 0 ? size[1] : groupSize;
            int groups = size[1] / columns;
            Optional<int[]> index =
                actOrder
                    ? Optional.of(
                        IntStream.range(0, size[1]).map(k -> (k * 7 + 3) % groups).toArray())
                    : Optional.empty();
            return SmallModel.grid(
                size[0], size[1], bits, columns, symmetric, index, module.hashCode());
          });
    }

    static Layers mixed(int most, int down) {
      return new Layers(
          "%d bits, down_proj %d, groups of %d, symmetric".formatted(most, down, GROUP),
          (module, size) ->
              of(module.endsWith("down_proj") ? down : most, GROUP, true, false)
                  .grids()
                  .apply(module, size));
    }
  }

  /**
   * A checkpoint that is written here.
   *
   * @param unpackers commands of the peer that unpack it; none where GPTQModel refuses it
   * @param tolerance largest difference of logits in transformers, relative to the largest logit;
   *     empty where transformers does not load it, or loading it is shown by another case
   */
  private record Written(
      FormatWriter writer,
      String label,
      Layers layers,
      Optional<ActivationQuantizer> input,
      List<String> unpackers,
      Optional<Double> tolerance) {}

  private static List<Written> written() {
    List<Written> cases = new ArrayList<>();
    for (GptqVersion version : GptqVersion.values()) {
      for (int bits : new int[] {2, 3, 4, 8}) {
        for (boolean actOrder : new boolean[] {false, true}) {
          // fp16 products of 8-bit codes are rounded there.
          Optional<Double> tolerance =
              actOrder ? Optional.of(bits == 8 ? 2e-3 : 1e-5) : Optional.empty();
          boolean symmetric = version == GptqVersion.V1;
          cases.add(gptq(version, Layers.of(bits, GROUP, symmetric, actOrder), tolerance));
        }
      }
      cases.add(gptq(version, Layers.of(4, 0, true, false), Optional.of(1e-5)));
      cases.add(gptq(version, Layers.mixed(4, 8), Optional.empty()));
    }
    // GPTQModel opens asymmetric weights of version 1 only where it wrote them; transformers does.
    cases.add(
        new Written(
            new GptqWriter(),
            GptqVersion.V1.label(),
            Layers.of(4, GROUP, false, true),
            Optional.empty(),
            List.of(),
            Optional.of(1e-5)));
    for (int groupSize : new int[] {GROUP, 0}) {
      for (boolean symmetric : new boolean[] {true, false}) {
        cases.add(
            new Written(
                new AwqWriter(),
                "awq",
                Layers.of(4, groupSize, symmetric, false),
                Optional.empty(),
                List.of("unpack_autoawq", "unpack_gptqmodel"),
                Optional.of(2e-3)));
      }
    }
    for (int bits : new int[] {2, 3, 4, 8}) {
      for (boolean symmetric : new boolean[] {true, false}) {
        cases.add(compressed(Layers.of(bits, GROUP, symmetric, false), Optional.empty(), 2e-3));
      }
    }
    cases.add(compressed(Layers.of(8, 0, true, false), Optional.empty(), 2e-3));
    cases.add(compressed(Layers.mixed(4, 8), Optional.empty(), 2e-3));
    Optional<ActivationQuantizer> token = Optional.of(ActivationQuantizer.perToken(8, true));
    cases.add(compressed(Layers.of(8, 0, true, false), token, 5e-2));
    cases.add(compressed(Layers.of(4, GROUP, true, false), token, 5e-2));
    Optional<ActivationQuantizer> fixed =
        Optional.of(ActivationQuantizer.perTensor(8, false, -2.5f, 3.5f));
    cases.add(compressed(Layers.of(8, 0, true, false), fixed, 5e-2));
    return cases;
  }

  private static Written gptq(GptqVersion version, Layers layers, Optional<Double> tolerance) {
    return new Written(
        new GptqWriter(version, false),
        version.label(),
        layers,
        Optional.empty(),
        List.of("unpack_gptqmodel"),
        tolerance);
  }

  private static Written compressed(
      Layers layers, Optional<ActivationQuantizer> input, double tolerance) {
    return new Written(
        new CompressedTensorsWriter(),
        "compressed-tensors",
        layers,
        input,
        List.of("unpack_compressed_tensors"),
        Optional.of(tolerance));
  }

  @TestFactory
  List<DynamicTest> othersLoadWhatIsWritten() {
    List<DynamicTest> tests = new ArrayList<>();
    List<Written> cases = written();
    for (int i = 0; i < cases.size(); i++) {
      Written one = cases.get(i);
      Path place = folder.resolve("ours-" + i);
      tests.add(
          DynamicTest.dynamicTest(
              one.label() + " " + one.layers().name() + inWords(one.input()),
              () -> loads(one, place)));
    }
    return tests;
  }

  private static String inWords(Optional<ActivationQuantizer> input) {
    return input
        .map(quantizer ->
            quantizer.dynamic() ? ", inputs 8 bits per token" : ", inputs 8 bits, fixed range")
        .orElse("");
  }

  private void loads(Written one, Path place) throws IOException {
    Path quantized =
        SmallModel.writeQuantized(
            place.resolve("quantized"),
            ElementType.F16,
            one.layers().grids(),
            activations(one.input()));
    Path exported = place.resolve("exported");
    RoundTrip.export(quantized, one.writer(), exported);
    List<String> cells = new ArrayList<>();
    for (String unpacker : one.unpackers()) {
      cells.add(compared(unpacker, exported, exported));
    }
    if (one.unpackers().isEmpty()) {
      cells.add(refusal("unpack_gptqmodel", exported));
    }
    cells.add(one.tolerance().isPresent() ? logits(exported, one.tolerance().get()) : "-");
    System.out.printf(
        "| %s | %s%s | %s |%n",
        one.label(), one.layers().name(), inWords(one.input()), String.join(" | ", cells));
  }

  private static SequencedMap<String, LinearActivations> activations(
      Optional<ActivationQuantizer> input) {
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    for (int layer = 0; layer < 2 && input.isPresent(); layer++) {
      for (Projection projection : Projection.values()) {
        activations.put(projection.module(layer), LinearActivations.rounding(input.get()));
      }
    }
    return activations;
  }

  /** Asks the peer to unpack {@code theirs} and compares with what is read here of {@code ours}. */
  private String compared(String unpacker, Path theirs, Path ours) throws IOException {
    Path out = folder.resolve("weights.safetensors");
    answer(unpacker, Map.of("folder", theirs.toString(), "out", out.toString()));
    return same(ours, out, unpacker.substring("unpack_".length()));
  }

  private String refusal(String unpacker, Path model) throws IOException {
    Path out = folder.resolve("refused.safetensors");
    JsonNode answer = ask(unpacker, Map.of("folder", model.toString(), "out", out.toString()));
    assertThat(answer.path("error").asString("")).contains("only supported if produced by");
    return "refused by gptqmodel";
  }

  private static String same(Path ours, Path weights, String library) {
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
  private String logits(Path model, double tolerance) throws IOException {
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

  /** A checkpoint that another library writes, by its command. */
  private record Foreign(
      String name, String command, Map<String, Object> options, List<String> unpackers) {}

  private static List<Foreign> foreign() {
    List<Foreign> cases = new ArrayList<>();
    for (String version : new String[] {"gptq", "gptq_v2"}) {
      for (int bits : new int[] {2, 3, 4, 8}) {
        for (boolean actOrder : new boolean[] {false, true}) {
          // Asymmetric in v2 only: GPTQModel's v1 loses a zero point 0.
          boolean symmetric = version.equals("gptq");
          Map<String, Object> options = new LinkedHashMap<>();
          options.put("method", "gptq");
          options.put("format", version);
          options.put("bits", bits);
          options.put("group", GROUP);
          options.put("act_order", actOrder);
          options.put("symmetric", symmetric);
          cases.add(
              new Foreign(
                  "GPTQModel | %s | %d bits, groups of %d, %s%s"
                      .formatted(
                          version,
                          bits,
                          GROUP,
                          symmetric ? "symmetric" : "asymmetric",
                          actOrder ? ", act order" : ""),
                  "write_gptqmodel",
                  options,
                  List.of("unpack_gptqmodel")));
        }
      }
    }
    cases.add(
        new Foreign(
            "GPTQModel | awq | 4 bits, groups of 32, asymmetric",
            "write_gptqmodel",
            Map.of(
                "method",
                "awq",
                "format",
                "gemm",
                "bits",
                4,
                "group",
                GROUP,
                "act_order",
                false,
                "symmetric",
                false),
            List.of("unpack_gptqmodel", "unpack_autoawq")));
    for (int groupSize : new int[] {GROUP, -1}) {
      cases.add(
          new Foreign(
              "AutoAWQ | awq | 4 bits, %s, asymmetric"
                  .formatted(groupSize < 0 ? "per channel" : "groups of " + groupSize),
              "write_autoawq",
              Map.of("group", groupSize, "out", "OUT"),
              List.of("unpack_autoawq", "unpack_gptqmodel")));
    }
    for (int bits : new int[] {2, 3, 4, 8}) {
      cases.add(library(bits, GROUP, true, Optional.empty()));
      cases.add(library(bits, GROUP, false, Optional.empty()));
    }
    cases.add(library(8, 0, true, Optional.of(true)));
    cases.add(library(8, 0, true, Optional.of(false)));
    cases.add(library(4, GROUP, true, Optional.of(true)));
    return cases;
  }

  private static Foreign library(
      int bits, int groupSize, boolean symmetric, Optional<Boolean> dynamicInputs) {
    Map<String, Object> weights = new LinkedHashMap<>();
    weights.put("num_bits", bits);
    weights.put("type", "int");
    weights.put("symmetric", symmetric);
    weights.put("strategy", groupSize == 0 ? "channel" : "group");
    if (groupSize != 0) {
      weights.put("group_size", groupSize);
    }
    Map<String, Object> scheme = new LinkedHashMap<>(Map.of("weights", weights));
    dynamicInputs.ifPresent(dynamic ->
        scheme.put(
            "input_activations",
            Map.of(
                "num_bits",
                8,
                "type",
                "int",
                "symmetric",
                true,
                "strategy",
                dynamic ? "token" : "tensor",
                "dynamic",
                dynamic)));
    return new Foreign(
        "compressed-tensors | compressed-tensors | %d bits, %s, %s%s"
            .formatted(
                bits,
                groupSize == 0 ? "per channel" : "groups of " + groupSize,
                symmetric ? "symmetric" : "asymmetric",
                dynamicInputs
                    .map(dynamic ->
                        dynamic ? ", inputs 8 bits per token" : ", inputs 8 bits, fixed range")
                    .orElse("")),
        "write_compressed_tensors",
        Map.of("scheme", scheme, "out", "OUT"),
        List.of("unpack_compressed_tensors"));
  }

  @TestFactory
  List<DynamicTest> whatOthersWriteIsRead() throws IOException {
    Path model = folder.resolve("float");
    answer("float_model", Map.of("folder", model.toString()));
    List<DynamicTest> tests = new ArrayList<>();
    List<Foreign> cases = foreign();
    for (int i = 0; i < cases.size(); i++) {
      Foreign one = cases.get(i);
      Path target = folder.resolve("theirs-" + i);
      tests.add(DynamicTest.dynamicTest(one.name(), () -> reads(one, model, target)));
    }
    return tests;
  }

  private void reads(Foreign one, Path model, Path target) throws IOException {
    Map<String, Object> options = new HashMap<>(one.options());
    Path weights = folder.resolve("written.safetensors");
    options.computeIfPresent("out", (_, _) -> weights.toString());
    options.put("model", model.toString());
    options.put("folder", target.toString());
    answer(one.command(), options);
    List<String> cells = new ArrayList<>();
    if (options.containsKey("out")) {
      cells.add(same(target, weights, "written"));
    }
    for (String unpacker : one.unpackers()) {
      cells.add(compared(unpacker, target, target));
    }
    cells.add(logits(target, 5e-2));
    System.out.println("| " + one.name() + " | " + String.join(" | ", cells) + " |");
  }
}
