package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bitatlas.nano.Nano;
import org.bitatlas.study.Origin;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code evaluate --endpoint} against a server that answers yes to everything. */
class EndpointCommandTest {
  private static final String KEY = "the-key-that-stays-here";

  /** Where libtorch, oneDNN and OpenBLAS are. */
  private static final List<String> ENGINE = List.of("bytedeco");

  private static final List<String> ENGINE_AND_TOKENIZERS = List.of("bytedeco", "/ai/djl/");

  @TempDir private Path folder;

  private final ChatTokenizer tokenizer = ChatTokenizers.load(Nano.open().modelFolder());
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  private String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String path = exchange.getRequestURI().getPath();
      String text =
          switch (path) {
            case "/v1/models" ->
                "{\"data\": [{\"id\": \"pangu\", \"owned_by\": \"vllm\", \"max_model_len\": 4096}]}";
            case "/version" -> "{\"version\": \"0.11.0\"}";
            case "/v1/completions" -> body.contains("prompt_logprobs") ? scores(body) : reply();
            case "/v1/chat/completions" ->
                "data: {\"choices\": [{\"delta\": {\"content\": \"yes\"}, \"finish_reason\": \"stop\"}]}\n\n"
                    + "data: [DONE]\n\n";
            default -> "";
          };
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(text.isEmpty() ? 404 : 200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private String reply() {
    List<Integer> ids = new ArrayList<>();
    ids.add(tokenizer.thinking().openId().orElseThrow());
    ids.add(tokenizer.thinking().closeId().orElseThrow());
    Arrays.stream(tokenizer.tokenizer().encode("yes", false)).forEach(ids::add);
    String events =
        ids.stream()
            .map(id ->
                "data: {\"choices\": [{\"text\": \"x\", \"token_ids\": [%d]}]}\n\n".formatted(id))
            .collect(Collectors.joining());
    return events
        + "data: {\"choices\": [{\"text\": \"\", \"token_ids\": [%d], \"finish_reason\": \"stop\"}]}\n\n"
            .formatted(tokenizer.stopIds().iterator().next())
        + "data: [DONE]\n\n";
  }

  private static String scores(String body) {
    String[] ids = body.replaceAll(".*\"prompt\":\\[([0-9,]*)].*", "$1").split(",");
    return "{\"choices\": [{\"prompt_logprobs\": [null, "
        + IntStream.range(1, ids.length)
            .mapToObj(i -> "{\"%s\": {\"logprob\": -1.5, \"rank\": 1}}".formatted(ids[i]))
            .collect(Collectors.joining(", "))
        + "]}]}";
  }

  /** Runs the command in a process whose class path lacks some libraries. */
  private String without(List<String> libraries, String... arguments)
      throws IOException, InterruptedException {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> libraries.stream().noneMatch(entry::contains))
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(classPath).contains("sqlite");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx512m",
                "-cp",
                classPath,
                BitAtlas.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("BITATLAS_ENDPOINT_KEY", KEY);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isEqualTo(Exit.OK);
    return output;
  }

  @Test
  void asksAnEndpointAndDrawsItsRowWithoutLibtorchAndOneDnn() throws Exception {
    String evaluated =
        without(
            ENGINE,
            "evaluate",
            "--endpoint",
            address() + "/v1",
            "--label",
            "W8A8",
            "--platform",
            "Ascend 910B",
            "--tokenizer",
            "nano",
            "--limit",
            "3",
            "--out",
            folder.toString());
    assertThat(evaluated)
        .contains("bool_nano", "first token after", "tokens/s", "wikitext_nano", "4.48")
        .doesNotContain(KEY);

    String map = without(ENGINE_AND_TOKENIZERS, "map", "--out", folder.toString());
    assertThat(map).contains("W8A8 [endpoint]");
    assertThat(Files.readString(folder.resolve("map.md")))
        .contains("Ascend 910B", "weights not hashed");
    try (RunStore store = RunStore.open(folder)) {
      RunRecord record =
          store.records().stream()
              .filter(known -> known.task().equals("bool_nano"))
              .findFirst()
              .orElseThrow();
      assertThat(record.model()).isEqualTo("pangu");
      assertThat(record.inputs())
          .containsEntry(Origin.INPUT, Origin.ENDPOINT)
          .containsEntry("server", "vllm 0.11.0")
          .containsEntry("prompts", "token ids")
          .containsEntry("tokenizer", tokenizer.tokenizer().digest());
      assertThat(record.provenance()).containsEntry("endpoint", address());
      assertThat(record.metrics()).containsKeys("ttft_seconds_median", "tokens_per_second");
      assertThat(store.samples(record.key())).hasSize(3);
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
            .doesNotContain(KEY);
        assertThat(file.toString()).doesNotContain(".jsonl");
      }
    }
  }

  @Test
  void usesTheServersChatWithoutATokenizerAndSaysWhatItCannotAsk() {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        BitAtlas.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(
                "evaluate",
                "--endpoint",
                address(),
                "--label",
                "chat",
                "--platform",
                "a laptop",
                "--mode",
                "no_think",
                "--limit",
                "4",
                "--out",
                folder.toString());
    assertThat(exit).as(err.toString()).isEqualTo(Exit.OK);
    assertThat(out.toString()).contains("bool_nano", "of 4 items", "skipped: Log-likelihood");
    try (RunStore store = RunStore.open(folder)) {
      assertThat(store.records())
          .filteredOn(record -> record.task().equals("bool_nano"))
          .singleElement()
          .satisfies(record -> {
            assertThat(record.inputs()).containsEntry("prompts", "the server's chat template");
            assertThat(record.metrics()).containsEntry("no_answer", 0.0);
          });
    }
  }

  @Test
  void importsAFileOfResultsWithoutNativeLibraries() throws Exception {
    Path file = folder.resolve("throughput.json");
    Files.writeString(
        file,
        "{\"elapsed_time\": 12.5, \"num_requests\": 100, \"total_num_tokens\": 51200,"
            + " \"requests_per_second\": 8.0, \"tokens_per_second\": 4096.0}");
    String output =
        without(
            ENGINE_AND_TOKENIZERS,
            "import",
            file.toString(),
            "--label",
            "W8A8",
            "--platform",
            "Ascend 910B",
            "--out",
            folder.toString());
    assertThat(output).contains("vllm bench throughput", "4096.0", "1 records imported");

    assertThat(without(ENGINE_AND_TOKENIZERS, "map", "--out", folder.toString()))
        .contains("W8A8 [imported]", "4096.0");
  }

  @Test
  void anEndpointNeedsALabelAndAPlatform() {
    StringWriter err = new StringWriter();
    int exit =
        BitAtlas.commandLine()
            .setErr(new PrintWriter(err))
            .execute("evaluate", "--endpoint", address(), "--label", "x");
    assertThat(exit).isEqualTo(Exit.USAGE);
    assertThat(err.toString()).contains("needs --label and --platform");
  }
}
