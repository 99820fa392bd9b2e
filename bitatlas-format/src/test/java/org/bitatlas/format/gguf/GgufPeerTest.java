package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportReport;
import org.bitatlas.format.PeerProcess;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.nano.Nano;
import org.bitatlas.tensor.TensorScope;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.Tokenizer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * gguf-py and llama.cpp on files written here, and the other way round. Needs {@code
 * -Dbitatlas.peer.gguf=PYTHON}, see script/peer/gguf.sh, and for the model of the architecture
 * Qwen2, which transformers makes, {@code -Dbitatlas.peer.formats=PYTHON} too; prints the table of
 * docs/gguf.md.
 */
@Tag("peer")
class GgufPeerTest {

  private static final int GREEDY = 24;

  private static final List<String> TEXTS =
      List.of(
          "Once upon a time, there was a little girl named Lily",
          "She said: \"Hello\"\nand  went home.",
          "The number is 42.");

  /** What byte-level tokenizers cut in their own way. */
  private static final List<String> HARD_TEXTS =
      List.of(
          "it's 2,048 bytes,\n\n  isn't it? Gr\u00fc\u00dfe, \u4f60\u597d!",
          "if (x < 10) {\n\treturn x + 1;  // <|im_start|>user\r\n}");

  @TempDir Path folder;

  private String python = "";

  @BeforeEach
  void findPython() {
    python = System.getProperty("bitatlas.peer.gguf", "");
    Assumptions.assumeFalse(python.isEmpty(), "no -Dbitatlas.peer.gguf");
  }

  /**
   * A model as llama.cpp runs it.
   *
   * @param texts whose tokens are compared
   * @param tolerance largest difference of logits, relative to the largest logit: llama.cpp rounds
   *     activations to the blocks of its products
   */
  private record Case(
      String name, Path model, List<String> texts, GgufType type, double tolerance) {}

  private List<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    Path stories = GoldenFiles.folder("stories260K");
    cases.addAll(cases("stories260K (llama)", stories, TEXTS));
    cases.addAll(cases("nano (pangu-embedded)", Nano.open().modelFolder(), TEXTS));
    Optional<Path> qwen2 = qwen2();
    qwen2.ifPresent(model -> cases.addAll(cases("seeded (qwen2)", model, withHardTexts())));
    // fp32 weights of a model in half precision would be larger than the model.
    cases.removeIf(one -> one.type() == GgufType.F32 && !one.model().equals(stories));
    return cases;
  }

  private static List<Case> cases(String name, Path model, List<String> texts) {
    List<Case> cases = new ArrayList<>();
    for (GgufType type : GgufType.values()) {
      if (type.canEncode()) {
        double tolerance =
            switch (type) {
              case F32 -> 2e-3; // llama.cpp keeps keys and values in half precision
              case F16 -> 5e-3;
              case BF16 -> 2e-2;
              default -> 5e-2;
            };
        cases.add(new Case(name, model, texts, type, tolerance));
      }
    }
    return cases;
  }

  private static List<String> withHardTexts() {
    return Stream.of(TEXTS, HARD_TEXTS).flatMap(List::stream).toList();
  }

  /** A Qwen2 with seeded weights as transformers saves it, whose tokens are those here. */
  private Optional<Path> qwen2() throws IOException {
    String maker = System.getProperty("bitatlas.peer.formats", "");
    if (maker.isEmpty()) {
      return Optional.empty();
    }
    Path model = folder.resolve("qwen2");
    Path corpus = Path.of(System.getProperty("bitatlas.root", "..")).resolve("LICENSE");
    Map<String, Object> request = new HashMap<>();
    request.put("do", "qwen2_model");
    request.put("folder", model.toString());
    request.put("corpus", corpus.toAbsolutePath().toString());
    request.put("texts", withHardTexts());
    try (PeerProcess transformers =
        new PeerProcess(maker, "script/peer/formats_peer.py", folder.resolve("maker.log"))) {
      JsonNode ids = transformers.ask(request).path("ids");
      Tokenizer tokenizer = ChatTokenizers.load(model).tokenizer();
      for (int i = 0; i < withHardTexts().size(); i++) {
        assertThat(tokenizer.encode(withHardTexts().get(i), true)).isEqualTo(ints(ids.path(i)));
      }
    }
    return Optional.of(model);
  }

  @TestFactory
  List<DynamicTest> llamaCppRunsWhatIsWritten() throws IOException {
    return cases().stream()
        .map(one -> DynamicTest.dynamicTest(one.name() + " " + one.type(), () -> runs(one)))
        .toList();
  }

  private Path written(Path model, FloatRounding rounding, String name) {
    try (ModelFolder source = ModelFolder.open(model)) {
      ExportReport report =
          new CheckpointExport(
                  GgufFormatWriter.source(source, rounding),
                  GgufFormatWriter.rounding(rounding)
                      .plan(GgufFormatWriter.source(source, rounding)),
                  ExportOptions.DEFAULT)
              .write(folder.resolve(name));
      return report.folder().resolve(report.weightFiles().getFirst());
    }
  }

  private void runs(Case one) throws Exception {
    Path file = written(one.model(), FloatRounding.pure(one.type()), "m-" + one.hashCode());
    List<String> arguments = new ArrayList<>(List.of("run", file.toString(), "" + GREEDY));
    arguments.addAll(one.texts());
    JsonNode answer = ask(arguments);
    Path unpacked = folder.resolve("u-" + one.hashCode());
    GgufUnpacking.unpack(file, unpacked, Optional.empty());
    Tokenizer tokenizer = ChatTokenizers.load(unpacked).tokenizer();
    for (int i = 0; i < one.texts().size(); i++) {
      assertThat(ints(answer.path("tokens").path(i)))
          .as(one.texts().get(i))
          .isEqualTo(tokenizer.encode(one.texts().get(i), true));
    }
    try (ModelFolder opened = ModelFolder.open(unpacked);
        TransformerModel model = opened.load(Precision.FP32)) {
      int[] ids = tokenizer.encode(one.texts().getFirst(), true);
      float[] ours = lastLogits(model, ids);
      double difference = difference(ours, answer.path("logits"));
      int agreeing = agreeing(model, ids, ints(answer.path("greedy")));
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %d of %d texts | %.1e | %d of %d |%n",
          one.name(),
          one.type(),
          one.texts().size(),
          one.texts().size(),
          difference,
          agreeing,
          GREEDY);
      assertThat(difference).isLessThan(one.tolerance());
    }
    assertThat(hashes("weights", file)).isEqualTo(ours(file, GgufPeerTest::decoded));
  }

  /** Greedy tokens of llama.cpp that are the arg max here too, given those before. */
  private static int agreeing(TransformerModel model, int[] prompt, int[] greedy) {
    int[] ids = Arrays.copyOf(prompt, prompt.length + greedy.length);
    int agreeing = 0;
    for (int i = 0; i < greedy.length; i++) {
      float[] logits = lastLogits(model, Arrays.copyOf(ids, prompt.length + i));
      int best = 0;
      for (int id = 1; id < logits.length; id++) {
        best = logits[id] > logits[best] ? id : best;
      }
      agreeing += best == greedy[i] ? 1 : 0;
      ids[prompt.length + i] = greedy[i];
    }
    return agreeing;
  }

  private static float[] lastLogits(TransformerModel model, int[] ids) {
    try (TensorScope _ = TensorScope.open()) {
      float[] all = model.logits(new int[][] {ids}).toFloats();
      int vocabulary = all.length / ids.length;
      return Arrays.copyOfRange(all, all.length - vocabulary, all.length);
    }
  }

  private static double difference(float[] ours, JsonNode theirs) {
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < ours.length; i++) {
      largest = Math.max(largest, Math.abs(ours[i]));
      difference = Math.max(difference, Math.abs(ours[i] - theirs.path(i).doubleValue()));
    }
    return difference / largest;
  }

  @TestFactory
  List<DynamicTest> llamaCppRoundsTheSame() {
    return List.of(
            GgufType.F16,
            GgufType.Q8_0,
            GgufType.Q4_0,
            GgufType.Q4_1,
            GgufType.Q5_0,
            GgufType.Q5_1,
            GgufType.Q4_K,
            GgufType.Q6_K)
        .stream()
        .map(type -> DynamicTest.dynamicTest(type.name(), () -> rounds(type)))
        .toList();
  }

  private void rounds(GgufType type) throws Exception {
    Path nano = Nano.open().modelFolder();
    Path plain = written(nano, FloatRounding.pure(GgufType.BF16), "bf16-" + type);
    Path ours = written(nano, FloatRounding.pure(type), "ours-" + type);
    Path theirs = folder.resolve("theirs-" + type + ".gguf");
    JsonNode answer = ask(List.of("quantize", plain.toString(), theirs.toString(), type.name()));
    assertThat(answer.path("code").intValue()).isZero();
    Map<String, String> expected = hashes("blocks", theirs);
    assertThat(ours(ours, GgufPeerTest::stored)).isEqualTo(expected);
    System.out.println(
        "| nano | " + type + " | " + expected.size() + " tensors with llama.cpp's bytes |");
  }

  @TestFactory
  List<DynamicTest> filesOfOthersAreRead() {
    return List.of(
        DynamicTest.dynamicTest(
            "gguf-py",
            () -> {
              Path file =
                  written(
                      Nano.open().modelFolder(), FloatRounding.usual(GgufType.Q4_0), "to-rewrite");
              Path rewritten = folder.resolve("rewritten.gguf");
              ask(List.of("rewrite", file.toString(), rewritten.toString()));
              try (GgufFile ours = GgufFile.open(file);
                  GgufFile theirs = GgufFile.open(rewritten)) {
                assertThat(theirs.metadata().values())
                    .containsExactlyInAnyOrderEntriesOf(ours.metadata().values());
              }
              assertThat(ours(rewritten, GgufPeerTest::stored))
                  .isEqualTo(ours(file, GgufPeerTest::stored));
              sameLogits(file, rewritten);
            }),
        DynamicTest.dynamicTest(
            "llama.cpp",
            () -> {
              Path nano = Nano.open().modelFolder();
              Path plain = written(nano, FloatRounding.pure(GgufType.BF16), "bf16");
              Path theirs = folder.resolve("theirs.gguf");
              ask(List.of("quantize", plain.toString(), theirs.toString(), "Q6_K"));
              sameLogits(written(nano, FloatRounding.pure(GgufType.Q6_K), "q6"), theirs);
            }));
  }

  private void sameLogits(Path ours, Path theirs) {
    Path first = folder.resolve(ours.getFileName() + "-a");
    Path second = folder.resolve(theirs.getFileName() + "-b");
    GgufUnpacking.unpack(ours, first, Optional.empty());
    GgufUnpacking.unpack(theirs, second, Optional.empty());
    int[] ids = {1, 40, 80, 120, 300};
    try (ModelFolder a = ModelFolder.open(first);
        ModelFolder b = ModelFolder.open(second);
        TransformerModel expected = a.load(Precision.FP32);
        TransformerModel actual = b.load(Precision.FP32)) {
      assertThat(lastLogits(actual, ids)).isEqualTo(lastLogits(expected, ids));
    }
  }

  private static Map<String, String> ours(Path file, Function<GgufTensor, byte[]> bytes) {
    Map<String, String> hashes = new TreeMap<>();
    try (GgufFile opened = GgufFile.open(file)) {
      opened.tensors().forEach((name, tensor) -> hashes.put(name, sha256(bytes.apply(tensor))));
    }
    return hashes;
  }

  private static byte[] stored(GgufTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_BYTE);
  }

  private static byte[] decoded(GgufTensor tensor) {
    float[] weights = tensor.decode();
    byte[] bytes = new byte[4 * weights.length];
    FloatBlocks.encodeSingle(weights, bytes);
    return bytes;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Map<String, String> hashes(String command, Path file) throws Exception {
    Map<String, String> hashes = new TreeMap<>();
    ask(List.of(command, file.toString()))
        .properties()
        .forEach(entry -> hashes.put(entry.getKey(), entry.getValue().asString()));
    return hashes;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.path(i).intValue();
    }
    return values;
  }

  private JsonNode ask(List<String> arguments) throws IOException, InterruptedException {
    Path program =
        Path.of(System.getProperty("bitatlas.root", "..")).resolve("script/peer/gguf_peer.py");
    List<String> command = new ArrayList<>(List.of(python, program.toString()));
    command.addAll(arguments);
    Path errors = Files.createTempFile(folder, "peer", ".log");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    String answer =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
    return JsonMapper.shared().readTree(answer.substring(answer.lastIndexOf('\n') + 1));
  }
}
