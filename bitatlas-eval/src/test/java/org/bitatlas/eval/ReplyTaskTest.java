package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitatlas.eval.sandbox.Availability;
import org.bitatlas.eval.task.HarnessCatalog;
import org.bitatlas.eval.task.HarnessTask;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.ReplyTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Harness tasks that are answered by writing; the records are written for this test. */
class ReplyTaskTest {

  private static final HarnessCatalog CATALOG = HarnessCatalog.builtIn();
  private static final Optional<ThinkingMode> SLOW = Optional.of(ThinkingMode.SLOW_THINK);

  private static final String GSM8K =
      """
      {"question": "How many are 7 times 250?", "answer": "7 * 250 = 1750\\n#### 1,750"}
      {"question": "How many are 2 and 2?", "answer": "2 + 2 = 4\\n#### 4"}
      """;

  @TempDir Path folder;

  private Suite suite(String name, String split, String records) throws IOException {
    String configuration = task(name).prompting().data().subjects().getFirst().configuration();
    Path data = Files.createDirectories(folder.resolve(name).resolve(configuration));
    Files.writeString(data.resolve(split + ".jsonl"), records);
    return Suite.load(task(name), folder);
  }

  private static HarnessTask task(String name) {
    return CATALOG.task(name).orElseThrow().withShots(0);
  }

  private static FakeModel writing(String... replies) {
    AtomicInteger next = new AtomicInteger();
    return FakeModel.writing(request ->
        new Generation(
            FakeTokenizer.ids(replies[next.getAndIncrement() % replies.length]),
            Generation.Reason.STOP_TOKEN));
  }

  private static TaskResult run(
      String name,
      Optional<ThinkingMode> mode,
      Suite suite,
      LanguageModel model,
      ChatTokenizer tokenizer) {
    RunOptions options = new RunOptions(OptionalInt.empty(), 100, Optional.empty());
    Sampling greedy = new Sampling.Greedy();
    return TaskRunner.run(
        task(name), mode, suite, model, tokenizer, greedy, options, progress -> {});
  }

  @Test
  void bothFiltersOfGsm8kAreReportedAndStopsEndTheAnswer() throws IOException {
    FakeModel model =
        writing("So 1750.\n#### 1750\n\nQuestion: And now?\n#### 9", "It is 4.\n\nQuestion: no");
    TaskResult result =
        run("gsm8k", Optional.empty(), suite("gsm8k", "test", GSM8K), model, FakeTokenizer.base());
    assertThat(result.state()).isEqualTo(CellState.OK);
    assertThat(result.primary()).isEqualTo(0.5);
    assertThat(result.metric("exact_match_strict-match")).hasValue(0.5);
    assertThat(result.metric("exact_match_flexible-extract")).hasValue(1);
    assertThat(result.samples().getFirst().output()).endsWith("\n\nQuestion:");
    assertThat(result.samples().getFirst().answer()).isEqualTo("1750");
    assertThat(result.samples().getLast().outcome()).isEqualTo("NO_ANSWER");
    assertThat(model.generations.getFirst().maxNewTokens()).isEqualTo(256);
    assertThat(model.generations.getFirst().end()).isPresent();
  }

  @Test
  void stopsDoNotFireInsideTheThinking() throws IOException {
    String open = String.valueOf((char) (FakeTokenizer.OPEN - 100));
    String close = String.valueOf((char) (FakeTokenizer.CLOSE - 100));
    FakeModel model =
        writing(
            open + "Question: what? #### 3\n" + close + "#### 1750\nQuestion: x",
            open + "Question: what? #### 4\n");
    TaskResult result =
        run("gsm8k", SLOW, suite("gsm8k", "test", GSM8K), model, FakeTokenizer.thinking());
    assertThat(result.samples()).extracting(SampleRecord::correct).containsExactly(true, false);
    assertThat(result.samples().getFirst().output()).endsWith("#### 1750\nQuestion:");
    assertThat(result.samples().getLast().outcome()).isEqualTo("UNCLOSED");
    assertThat(result.metric("exact_match_flexible-extract")).hasValue(0.5);
    assertThat(model.generations.getFirst().maxNewTokens()).isEqualTo(32_768);
    // The stop is not reached while the span is open, and is as soon as it stands in the answer.
    var end = model.generations.getFirst().end().orElseThrow();
    assertThat(end.isReached(FakeTokenizer.ids(open + "Question:"))).isFalse();
    assertThat(end.isReached(FakeTokenizer.ids(open + close + "a Question:"))).isTrue();
  }

  @Test
  void dropHasExactMatchAndF1() throws IOException {
    String answer =
        """
        {"number": "%s", "date": {"day": "", "month": "", "year": ""}, "spans": [%s]}\
        """;
    String none = "{\"number\": [], \"date\": [], \"spans\": []}";
    String records =
        "{\"query_id\": \"1\", \"passage\": \"p\", \"question\": \"q?\", \"answer\": "
            + answer.formatted("7", "")
            + ", \"validated_answers\": "
            + none
            + "}\n{\"query_id\": \"2\", \"passage\": \"p\", \"question\": \"q?\", \"answer\": "
            + answer.formatted("", "\"red fox\"")
            + ", \"validated_answers\": "
            + none
            + "}\n";
    TaskResult result =
        run(
            "drop",
            Optional.empty(),
            suite("drop", "validation", records),
            writing(" 7. More.", " the fox."),
            FakeTokenizer.base());
    assertThat(result.metric("em")).hasValue(0.5);
    assertThat(result.metric("f1").orElseThrow()).isCloseTo((1 + 0.67) / 2, within(1e-12));
  }

  @Test
  void instructionsAreCountedByPromptAndOneByOne() throws IOException {
    String records =
        """
        {"key": 1, "prompt": "a", "instruction_id_list": ["punctuation:no_comma", "startend:quotation"], "kwargs": [{}, {"relation": null}]}
        {"key": 2, "prompt": "b", "instruction_id_list": ["length_constraints:number_words"], "kwargs": [{"relation": "at least", "num_words": 3}]}
        """;
    TaskResult result =
        run(
            "ifeval",
            Optional.empty(),
            suite("ifeval", "train", records),
            writing("no comma", "Sure, here:\none two three"),
            FakeTokenizer.base());
    assertThat(result.primary()).isEqualTo(0.5);
    assertThat(result.metric("prompt_level_strict_acc")).hasValue(0.5);
    assertThat(result.metric("inst_level_strict_acc").orElseThrow())
        .isCloseTo(2 / 3.0, within(1e-12));
    assertThat(result.metric("inst_level_loose_acc").orElseThrow())
        .isCloseTo(2 / 3.0, within(1e-12));
    String unknown = records.replace("startend:quotation", "startend:quotes");
    assertThatThrownBy(() -> suite("ifeval", "train", unknown))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll("line 1", "startend:quotes");
  }

  private static final String HUMANEVAL =
      """
      {"task_id": "S/0", "prompt": "def f(x):\\n    \\"\\"\\"One more.\\"\\"\\"\\n", "canonical_solution": "    return x + 1\\n", "test": "def check(candidate):\\n    assert candidate(1) == 2\\n", "entry_point": "f"}
      """;

  @Test
  void programsRunInTheSandbox() throws IOException {
    assumeTrue(Availability.here() instanceof Availability.Ready, "no sandbox here");
    TaskResult result =
        run(
            "humaneval",
            Optional.empty(),
            suite("humaneval", "test", HUMANEVAL),
            writing("    return x + 1\n\ndef g(): syntax error"),
            FakeTokenizer.base());
    assertThat(result.samples().getFirst().outcome()).isEqualTo("PASS");
    assertThat(result.primary()).isEqualTo(1);
  }

  @Test
  void aChatModelGetsTheStartOfTheAnswerBehindItsTemplate() throws IOException {
    assumeTrue(Availability.here() instanceof Availability.Ready, "no sandbox here");
    String close = String.valueOf((char) (FakeTokenizer.CLOSE - 100));
    FakeModel model = writing(close + "    return x + 1\n```\nDone.");
    ChatTokenizer chat = FakeTokenizer.thinking();
    TaskResult result =
        run(
            "humaneval_instruct",
            Optional.empty(),
            suite("humaneval_instruct", "test", HUMANEVAL),
            model,
            chat);
    String prompt = text(chat, model.generations.getFirst().promptIds());
    assertThat(prompt).startsWith("<1>user:Write a solution").contains("```\n:Here is the");
    assertThat(prompt).endsWith("```python\ndef f(x):\n    \"\"\"One more.\"\"\"\n\n");
    assertThat(result.samples().getFirst().outcome()).isEqualTo("PASS");
  }

  private static String text(ChatTokenizer tokenizer, int[] ids) {
    return tokenizer.tokenizer().decode(Arrays.stream(ids).boxed().toList(), false);
  }

  @Test
  void orderOfOptionsDependsOnTheQuestionAlone() throws IOException {
    String record =
        """
        {"Question": "Q%d?", "Correct Answer": "right ", "Incorrect Answer 1": "w1", "Incorrect Answer 2": "w2", "Incorrect Answer 3": "w3"}
        """;
    StringBuilder records = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      records.append(record.formatted(i));
    }
    String name = "gpqa_diamond_reasoning";
    List<Item> all = suite(name, "train", records.toString()).items();
    List<Item> last = suite(name, "train", record.formatted(399)).items();
    Item.Reply one = (Item.Reply) last.getFirst();
    assertThat(((Item.Reply) all.getLast()).user()).isEqualTo(one.user());
    assertThat(one.user()).contains(one.target() + ") right\n");
    for (String letter : List.of("A", "B", "C", "D")) {
      long count = all.stream().filter(i -> ((Item.Reply) i).target().equals(letter)).count();
      assertThat(count).isBetween(65L, 135L);
    }
  }

  @Test
  void lastAnchoredLetterCountsAndInvalidRepliesAreCountedApart() throws IOException {
    String name = "gpqa_diamond_reasoning";
    String record =
        """
        {"Question": "Q?", "Correct Answer": "r", "Incorrect Answer 1": "w1", "Incorrect Answer 2": "w2", "Incorrect Answer 3": "w3"}
        """;
    Suite suite = suite(name, "train", record.repeat(4));
    String letter = ((Item.Reply) suite.items().getFirst()).target();
    TaskResult result =
        run(
            name,
            Optional.empty(),
            suite,
            writing(
                "Not \\boxed{Z}. \\boxed{\\text{" + letter + "}}",
                "The answer is **" + letter + "**.",
                "A or B, who knows; a guess is no answer word",
                "\\boxed{" + (letter.equals("A") ? "B" : "A") + "}"),
            FakeTokenizer.base());
    assertThat(result.samples())
        .extracting(SampleRecord::correct)
        .containsExactly(true, true, false, false);
    assertThat(result.metric("no_answer")).hasValue(0.25);
  }

  @Test
  void mathematicsIsComparedByValue() throws IOException {
    String records = "{\"problem\": \"Halve 1.\", \"answer\": \"\\\\frac{1}{2}\"}\n";
    TaskResult result =
        run(
            "math500_reasoning",
            Optional.empty(),
            suite("math500_reasoning", "test", records),
            writing("So \\boxed{0.5}."),
            FakeTokenizer.base());
    assertThat(result.primary()).isEqualTo(1);
    assertThat(((ReplyTask) task("math500_reasoning")).definition()).contains("32768", "boxed");
  }
}
