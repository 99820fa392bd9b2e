package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bitatlas.eval.prompt.ChatForm;
import org.bitatlas.eval.task.HarnessCatalog;
import org.bitatlas.eval.task.HarnessTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LikelihoodRunTest {

  @TempDir Path folder;

  private TaskResult run(String name, Function<ScoringRequest, double[]> scorer) {
    return run(HarnessCatalog.builtIn().task(name).orElseThrow(), scorer);
  }

  private TaskResult run(HarnessTask task, Function<ScoringRequest, double[]> scorer) {
    return TaskRunner.run(
        task,
        Optional.empty(),
        Suite.load(task, folder),
        FakeModel.scoring(scorer),
        FakeTokenizer.thinking(),
        new Sampling.Greedy(),
        RunOptions.ALL,
        _ -> {});
  }

  private void data(String file, String... records) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    Files.write(path, Arrays.asList(records));
  }

  /** A number for each scored token. */
  private static double[] each(ScoringRequest request, double value) {
    double[] values = new double[request.tokenIds().length - request.from()];
    Arrays.fill(values, value);
    return values;
  }

  private static String text(ScoringRequest request, boolean scored) {
    int[] ids = request.tokenIds();
    int[] part =
        scored
            ? Arrays.copyOfRange(ids, request.from(), ids.length)
            : Arrays.copyOf(ids, request.from());
    return new FakeTokenizer().decode(Arrays.stream(part).boxed().toList(), true);
  }

  @Test
  void choicesAreScoredAsPlainTextUnderThreeRules() throws IOException {
    data(
        "openbookqa/main/test.jsonl",
        "{\"question_stem\": \"Q\", \"choices\": {\"text\": [\"ab\", \"abcdefgh\"],"
            + " \"label\": [\"A\", \"B\"]}, \"answerKey\": \"B\"}",
        "{\"question_stem\": \"R\", \"choices\": {\"text\": [\"a\", \"b\", \"c\"],"
            + " \"label\": [\"A\", \"B\", \"C\"]}, \"answerKey\": \"A\"}");
    // -3 for " ab", -9 for the longer one: the shorter wins by sum, the longer by code points.
    TaskResult result = run("openbookqa", request -> each(request, -1));
    assertThat(result.metrics())
        .containsEntry("acc", 0.5)
        .containsEntry("acc_norm", 1.0)
        .containsEntry("acc_bytes", 1.0)
        .containsEntry("floor", (1 / 2.0 + 1 / 3.0) / 2);
    assertThat(result.primary()).isEqualTo(1.0);
    assertThat(result.samples().getFirst().answer()).isEqualTo("abcdefgh");
    assertThat(result.samples().getFirst().measure("loglikelihood_1")).isEqualTo(-9);
  }

  @Test
  void conversationsAreRenderedByTheModelsTemplate() throws IOException {
    data(
        "piqa/validation.jsonl",
        "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"bb\", \"label\": 0}");
    HarnessTask piqa = HarnessCatalog.builtIn().task("piqa").orElseThrow();
    TaskResult result =
        run(
            piqa.withChat(ChatForm.ONE_TURN),
            request -> {
              assertThat(text(request, false)).isEqualTo("user:Question: g\nAnswer::");
              assertThat(text(request, true)).isIn("a", "bb");
              return each(request, -1);
            });
    assertThat(result.primary()).isEqualTo(1.0);
  }

  @Test
  void equalChoicesAreScoredOnceAndTie() throws IOException {
    data(
        "piqa/validation.jsonl",
        "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"a\", \"label\": 1}");
    double[] next = {-3};
    TaskResult result = run("piqa", request -> each(request, next[0]++));
    assertThat(result.primary()).isZero();
    assertThat(result.samples().getFirst().measure("loglikelihood_1")).isEqualTo(-6);
  }

  @Test
  void whereContextsDifferOnlyWhatFollowsIsScored() throws IOException {
    data(
        "winogrande/winogrande_xl/validation.jsonl",
        "{\"sentence\": \"X saw Y so _ ran.\", \"option1\": \"X\", \"option2\": \"Yy\","
            + " \"answer\": \"2\"}");
    TaskResult result =
        run(
            "winogrande",
            request -> {
              assertThat(text(request, true)).isEqualTo(" ran.");
              return each(request, text(request, false).endsWith("Yy") ? -1 : -2);
            });
    assertThat(result.primary()).isEqualTo(1.0);
    assertThat(result.metrics()).doesNotContainKey("acc_norm");
  }

  @Test
  void aWordIsRightWhenGreedyDecodingWritesIt() throws IOException {
    data("lambada_openai/default/test.jsonl", "{\"text\": \"go on\"}", "{\"text\": \"go away\"}");
    // The fake model's most probable token is one of log-probability 0.
    TaskResult result =
        run("lambada_openai", request -> each(request, text(request, true).length() == 3 ? 0 : -1));
    assertThat(result.primary()).isEqualTo(0.5);
    assertThat(result.metrics().get("perplexity")).isCloseTo(Math.exp(2.5), within(1e-12));
    assertThat(result.metrics()).doesNotContainKey("floor");
  }

  @Test
  void aScoreThatIsNotFiniteEndsTheCell() throws IOException {
    data(
        "piqa/validation.jsonl",
        "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\", \"label\": 0}");
    TaskResult result = run("piqa", request -> each(request, Double.NaN));
    assertThat(result.state()).isEqualTo(CellState.NON_FINITE);
    assertThat(result.primary()).isNaN();
  }

  @Test
  void whatIsGuessedBestIsTheFloorWhereTheTaskSaysSo() throws IOException {
    String record = "{\"passage\": \"p\", \"question\": \"q\", \"label\": %d}";
    data(
        "boolq/boolq/validation.jsonl",
        record.formatted(1),
        record.formatted(1),
        record.formatted(1),
        record.formatted(0));
    assertThat(run("boolq", request -> each(request, -1)).metrics()).containsEntry("floor", 0.75);
  }

  @Test
  void subjectsAreTheClustersOfTheRecords() throws IOException {
    String record =
        "{\"question\": \"q\", \"choices\": [\"a\", \"b\", \"c\", \"d\"], \"answer\": 1}";
    HarnessTask mmlu = HarnessCatalog.builtIn().task("mmlu").orElseThrow();
    for (String subject : mmlu.prompting().data().subjects().stream().map(s -> s.name()).toList()) {
      data("mmlu/" + subject + "/test.jsonl", record);
      data("mmlu/" + subject + "/dev.jsonl", record, record, record, record, record);
    }
    TaskResult result = run("mmlu", request -> each(request, -1));
    assertThat(result.samples()).hasSize(57);
    assertThat(result.samples().getFirst().cluster()).isEqualTo("abstract_algebra");
    assertThat(result.samples().getFirst().prompt()).startsWith("q\nA. a").endsWith("Answer:");
  }

  @Test
  void anAdapterNamesItselfAndIsNotCalledEqual() throws IOException {
    data(
        "piqa.jsonl",
        "{\"query\": \"Question: How?\\n\", \"choices\": [\"so\", \"or so\"], \"gold\": 1}");
    SuiteCatalog catalog = SuiteCatalog.load(folder, descriptor(), List.of());
    SuiteCatalog.Described piqa = (SuiteCatalog.Described) catalog.entry("piqa");
    SuiteCatalog.Ready ready = piqa.open();
    assertThat(ready.suite().notes().getFirst()).startsWith("adapter: llm-foundry");
    assertThat(ready.task().definition()).startsWith("choice").contains("not comparable");
    assertThat(ready.suite().items().getFirst())
        .asString()
        .contains("Question: How?\nAnswer:", " or so", "gold=1");
    assertThat(catalog.asked()).containsExactly(piqa);
    assertThat(catalog.withChat(ChatForm.TURNS).entry("piqa").task().definition())
        .contains("examples as turns");
    assertThat(catalog.withShots(2).entry("piqa").task().definition()).contains("2 instead of 0");
    assertThat(catalog.entry("boolq"))
        .isInstanceOfSatisfying(
            SuiteCatalog.Missing.class,
            missing -> assertThat(missing.reason()).contains("aps/super_glue", "to_json"));
  }

  private Path descriptor() throws IOException {
    Path file = Files.createTempFile(folder, "suites", ".yaml");
    return Files.writeString(
        file,
        """
        format: 2
        name: mine
        tasks:
          - name: one
            kind: rolling_perplexity
            about: One.
            file: none.jsonl
            document: "{{ page }}"
            cleaning: none
            window: 4
        """);
  }
}
