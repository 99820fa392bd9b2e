package org.bitatlas.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.eval.Oracles;
import org.bitatlas.eval.prompt.ChatForm;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Prompts of the built-in tasks, character for character those of lm-evaluation-harness. */
class HarnessTasksTest {

  private static final HarnessCatalog CATALOG = HarnessCatalog.builtIn();

  @TempDir Path folder;

  static Stream<Path> goldens() {
    return Oracles.files("lm_eval/tasks", "", ".json").stream();
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void requestsEqualThoseOfTheHarness(Path file) {
    JsonNode golden = Oracles.json(file);
    HarnessTask task = task(golden, golden);
    for (JsonNode one : golden.get("cases")) {
      HarnessTask asked = task.withShots(one.get("shots").intValue());
      for (Item item : items(asked, one)) {
        JsonNode expected = one.get("documents").get(item.index());
        if (item instanceof Item.Likelihood likelihood) {
          assertThat(requests(likelihood)).isEqualTo(arguments(expected));
          assertThat(likelihood.choices()).isEqualTo(choices(expected));
          assertThat(right(likelihood)).isEqualTo(expected.get("target").asString());
        } else {
          requireReply((ReplyTask) asked, item, expected);
        }
      }
    }
  }

  static Stream<Path> chats() {
    return Oracles.files("lm_eval/chat_tasks", "", ".json").stream();
  }

  @ParameterizedTest
  @MethodSource("chats")
  void conversationsEqualThoseOfTheHarness(Path file) {
    JsonNode golden = Oracles.json(file);
    Path data = Oracles.folder("lm_eval/tasks").resolve(file.getFileName());
    HarnessTask task = task(golden, Oracles.json(data));
    for (JsonNode one : golden.get("cases")) {
      ChatForm form = one.get("multiturn").booleanValue() ? ChatForm.TURNS : ChatForm.ONE_TURN;
      HarnessTask asked = task.withShots(one.get("shots").intValue()).withChat(form);
      for (Item item : items(asked, one)) {
        JsonNode expected = one.get("documents").get(item.index());
        if (item instanceof Item.Likelihood likelihood) {
          requireContinuations(likelihood, expected);
        } else {
          requireConversation(item, expected.get(0));
        }
      }
    }
  }

  /** The task that is named in a golden case, with the data of one written where it looks. */
  private HarnessTask task(JsonNode golden, JsonNode withData) {
    HarnessTask task = CATALOG.task(golden.get("task").stringValue()).orElseThrow();
    Oracles.writeData(withData.get("data"), folder.resolve(task.name()));
    return task;
  }

  private List<Item> items(HarnessTask asked, JsonNode expected) {
    List<Item> items = Suite.load(asked, folder).items();
    assertThat(items).hasSize(expected.get("documents").size());
    return items;
  }

  private static void requireContinuations(Item.Likelihood item, JsonNode expected) {
    List<Item.Continuation> all = new ArrayList<>();
    for (JsonNode context : expected) {
      assertThat(context.get("generation_prompt").booleanValue()).isTrue();
      for (JsonNode text : context.get("continuations")) {
        all.add(new Item.Continuation(messages(context), "", text.stringValue()));
      }
    }
    assertThat(item.continuations()).isEqualTo(all);
  }

  private static void requireConversation(Item item, JsonNode expected) {
    List<ChatMessage> all = new ArrayList<>();
    switch (item) {
      case Item.Program program -> {
        all.addAll(program.before());
        all.add(new ChatMessage("user", program.user()));
        add(all, program.answerPrefix());
      }
      case Item.Reply reply -> {
        all.addAll(reply.before());
        all.add(new ChatMessage("user", reply.user()));
        add(all, reply.answerPrefix());
      }
      default -> throw new AssertionError("not an item of a reply task: " + item);
    }
    assertThat(all).isEqualTo(messages(expected));
  }

  private static void add(List<ChatMessage> messages, String started) {
    if (!started.isEmpty()) {
      messages.add(new ChatMessage("assistant", started));
    }
  }

  private static List<ChatMessage> messages(JsonNode conversation) {
    return conversation
        .get("messages")
        .valueStream()
        .map(
            one -> new ChatMessage(one.get("role").stringValue(), one.get("content").stringValue()))
        .toList();
  }

  private static void requireReply(ReplyTask task, Item item, JsonNode expected) {
    String context = expected.get("arguments").get(0).get(0).stringValue();
    assertThat(task.stops())
        .isEqualTo(expected.get("until").valueStream().map(JsonNode::stringValue).toList());
    assertThat(task.budget(Optional.empty())).isEqualTo(expected.get("max_gen_toks").intValue());
    String reply = expected.get("reply").stringValue();
    JsonNode filtered = expected.get("filtered");
    switch (item) {
      case Item.Program program -> {
        assertThat(program.user() + program.answerPrefix()).isEqualTo(context);
        assertThat(program.checks()).isEqualTo(expected.get("target").asString());
        ReplyScore.Programs programs = (ReplyScore.Programs) task.score();
        assertThat(program.prefix() + programs.code().extract(reply).orElseThrow())
            .isEqualTo(filtered.valueStream().findFirst().orElseThrow().stringValue());
      }
      case Item.Reply one -> {
        assertThat(one.user() + one.answerPrefix()).isEqualTo(context);
        // Minerva writes the target in its own normal form, which its math_verify does not use.
        if (!task.name().startsWith("minerva")) {
          assertThat(one.target()).isEqualTo(expected.get("target").asString());
        }
        if (task.score() instanceof ReplyScore.Answers answers && !filtered.has("none")) {
          answers
              .rules()
              .forEach((name, rule) ->
                  assertThat(rule.extract(reply).orElse("[invalid]"))
                      .isEqualTo(filtered.get(name).stringValue()));
        }
      }
      default -> throw new AssertionError("not an item of a reply task: " + item);
    }
  }

  private static List<List<String>> requests(Item.Likelihood item) {
    return item.continuations().stream().map(one -> List.of(one.context(), one.text())).toList();
  }

  private static List<List<String>> arguments(JsonNode expected) {
    return expected
        .get("arguments")
        .valueStream()
        .map(pair -> pair.valueStream().map(JsonNode::stringValue).toList())
        .toList();
  }

  /** What acc_norm divides by: in a task whose choices are contexts, these. */
  private static List<String> choices(JsonNode expected) {
    List<String> choices = new ArrayList<>();
    expected.path("choices").forEach(choice -> choices.add(choice.stringValue()));
    return choices;
  }

  private static String right(Item.Likelihood item) {
    return item.choices().isEmpty()
        ? item.continuations().getFirst().text()
        : Integer.toString(item.gold());
  }

  @Test
  void dataOfAnotherSizeThanThePublishedSetIsNoted() throws IOException {
    Path data = Files.createDirectories(folder.resolve("baber/piqa"));
    Files.writeString(
        data.resolve("validation-00000-of-00001.jsonl"),
        "{\"goal\": \"a\", \"sol1\": \"b\", \"sol2\": \"c\", \"label\": 1}\n");
    Suite suite = Suite.load(CATALOG.task("piqa").orElseThrow(), folder);
    assertThat(suite.items()).hasSize(1);
    assertThat(suite.notes()).containsExactly("the published set has 1,838 records, this one 1");
    assertThat(suite.clusters()).isEmpty();
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    HarnessTask piqa = CATALOG.task("piqa").orElseThrow();
    assertThatThrownBy(() -> Suite.load(piqa, folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll("baber/piqa", folder.toString());
    Path data = Files.createDirectories(folder.resolve("piqa"));
    Path file = data.resolve("validation.jsonl");
    assertThatThrownBy(() -> Suite.load(piqa, folder)).hasMessageContaining("validation.jsonl");
    Files.writeString(data.resolve("validation-00000-of-00001.parquet"), "PAR1");
    assertThatThrownBy(() -> Suite.load(piqa, folder)).hasMessageContaining("PAR1");
    Files.writeString(file, "{\"goal\": \"a\", \"sol1\": \"b\", \"label\": 1}\n");
    assertThatThrownBy(() -> Suite.load(piqa, folder)).hasMessageContainingAll("line 1", "sol2");
    Files.writeString(file, "{\"goal\": \"a\", \"sol1\": \"b\", \"sol2\": \"c\", \"label\": 2}\n");
    assertThatThrownBy(() -> Suite.load(piqa, folder)).hasMessageContaining("from 0 to 1");
    Files.writeString(file, "{\"goal\": \"a\", \"sol1\": \"b\", \"sol2\": \"c\", \"label\": 1}\n");
    Files.copy(file, data.resolve("train.jsonl"));
    assertThatThrownBy(() -> Suite.load(piqa.withShots(2), folder))
        .hasMessageContaining("ask for fewer");
  }

  @Test
  void numbersOfRecordsAndSubjectsAreThoseOfThePublishedSets() {
    assertThat(CATALOG.tasks())
        .extracting(HarnessTask::name)
        .startsWith("piqa", "arc_easy", "arc_challenge", "hellaswag", "winogrande", "boolq");
    assertThat(subjects("mmlu")).isEqualTo(57);
    assertThat(subjects("cmmlu")).isEqualTo(67);
    assertThat(subjects("ceval-valid")).isEqualTo(52);
    assertThat(CATALOG.task("mmlu_anatomi")).isEmpty();
    assertThat(CATALOG.task("piqa").orElseThrow().withShots(3).definition())
        .contains("3 instead of 0 examples");
  }

  private static int subjects(String task) {
    return CATALOG.task(task).orElseThrow().prompting().data().subjects().size();
  }

  @Test
  void cluewscAsksInItsOwnWords() throws IOException {
    Path data = Files.createDirectories(folder.resolve("cluewsc/cluewsc2020"));
    Files.writeString(
        data.resolve("validation.jsonl"),
        "{\"text\": \"小明说他来。\", \"target\": {\"span1_text\": \"小明\", \"span2_text\": \"他\"},"
            + " \"label\": 0}\n");
    Item.Likelihood item =
        (Item.Likelihood)
            Suite.load(CATALOG.task("cluewsc").orElseThrow(), folder).items().getFirst();
    assertThat(requests(item).getFirst()).containsExactly("小明说他来。\n问题：上文中的“他”指的是“小明”吗？\n答案：", "是");
    assertThat(CATALOG.task("cluewsc").orElseThrow().definition()).contains("not in lm-eval");
  }

  @Test
  void separatedValuesAreReadAsRfc4180HasThem() throws IOException {
    Path data = Files.createDirectories(folder.resolve("piqa"));
    Files.writeString(
        data.resolve("validation.csv"),
        "\uFEFFgoal,sol1,sol2,label\r\n\"a \"\"quoted\"\" one,\nof two lines\",b,,1\r\n");
    assertThatThrownBy(() -> Suite.load(CATALOG.task("piqa").orElseThrow(), folder))
        .hasMessageContainingAll("validation.csv, line 2", "none of them empty");
    Files.writeString(
        data.resolve("validation.csv"),
        "goal,sol1,sol2,label\n\"a \"\"quoted\"\" one,\nof two lines\",b,c,1\nd,e,f,0");
    Suite suite = Suite.load(CATALOG.task("piqa").orElseThrow(), folder);
    assertThat(suite.items()).hasSize(2);
    assertThat(((Item.Likelihood) suite.items().getFirst()).question())
        .isEqualTo("Question: a \"quoted\" one,\nof two lines\nAnswer:");
    Files.writeString(data.resolve("validation.csv"), "goal,sol1\n\"a\"b,c\n");
    assertThatThrownBy(() -> Suite.load(CATALOG.task("piqa").orElseThrow(), folder))
        .hasMessageContaining("separator");
    Files.writeString(data.resolve("validation.csv"), "goal,sol1\na\n");
    assertThatThrownBy(() -> Suite.load(CATALOG.task("piqa").orElseThrow(), folder))
        .hasMessageContaining("expected 2 fields, found 1");
  }
}
