package org.bitatlas.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.bitatlas.eval.Oracles;
import org.bitatlas.nano.Nano;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class SuiteCatalogTest {

  private static Nano nano;

  @TempDir Path folder;

  @BeforeAll
  static void openNano(@TempDir Path cache) {
    nano = Nano.open(cache);
  }

  private static SuiteCatalog embedded() {
    return SuiteCatalog.load(
        nano.suitesFolder(), nano.suitesDescriptor(), List.of(nano.shareAlikeFolder()));
  }

  private static Suite suite(SuiteCatalog catalog, String task) {
    return ((SuiteCatalog.Ready) catalog.entry(task)).suite();
  }

  @Test
  void readsTheEmbeddedSuites() {
    SuiteCatalog catalog = embedded();
    assertThat(catalog.name()).isEqualTo("nano");
    assertThat(catalog.entries())
        .allMatch(entry -> entry instanceof SuiteCatalog.Ready)
        .extracting(entry -> entry.task().name())
        .containsExactly(
            "gsm_nano",
            "chain_nano",
            "facts_nano",
            "facts_nano_choices",
            "cloze_nano",
            "bool_nano",
            "wikitext_nano",
            "humaneval_nano",
            "mbpp_nano");
    assertThat(suite(catalog, "gsm_nano").items()).hasSize(300);
    assertThat(suite(catalog, "facts_nano").items()).hasSize(400);
    assertThat(suite(catalog, "humaneval_nano").items()).hasSize(200);
    assertThat(suite(catalog, "gsm_nano").digest())
        .isEqualTo("336262390858c194a63b73ed83ef1b7e32e4c6508f290fb8ab96ab704ebdb600");
    assertThat(catalog.entry("chain_nano").task().modes())
        .containsExactly(ThinkingMode.SLOW_THINK, ThinkingMode.NO_THINK);
  }

  @Test
  void userMessagesEqualTheGoldenOnes() {
    SuiteCatalog catalog = embedded();
    for (JsonNode golden : Oracles.withKey("nano", "prompts")) {
      for (JsonNode prompt : golden.get("prompts")) {
        Item item =
            suite(catalog, prompt.get("suite").stringValue())
                .items()
                .get(prompt.get("record").intValue());
        assertThat(user(item)).isEqualTo(prompt.get("user").stringValue());
      }
    }
  }

  private static String user(Item item) {
    return switch (item) {
      case Item.Question question -> question.user();
      case Item.Choices choices -> choices.user();
      case Item.Program program -> program.user();
      case Item.Document document -> document.text();
      case Item.Text text -> text.text();
      case Item.Likelihood likelihood -> likelihood.question();
      case Item.Reply reply -> reply.user();
    };
  }

  @Test
  void expectedAnswersOfTheFirstRecords() {
    SuiteCatalog catalog = embedded();
    assertThat(expected(catalog, "gsm_nano")).isEqualTo("26");
    assertThat(expected(catalog, "chain_nano")).isEqualTo("11");
    assertThat(expected(catalog, "facts_nano")).isEqualTo("C");
    assertThat(expected(catalog, "cloze_nano")).isEqualTo("kitchen");
    assertThat(expected(catalog, "bool_nano")).isEqualTo("yes");
    Item.Choices choices = (Item.Choices) suite(catalog, "facts_nano_choices").items().getFirst();
    assertThat(choices.choices().get(choices.gold())).isEqualTo("beans");
  }

  private static String expected(SuiteCatalog catalog, String task) {
    return ((Item.Question) suite(catalog, task).items().getFirst()).expected();
  }

  @Test
  void anotherFolderIsReadByTheDefaultDescriptorAndMissingFilesAreSkipped() throws IOException {
    Files.writeString(
        folder.resolve("bool_nano.jsonl"), "{\"question\": \"Is 1 odd?\", \"answer\": true}\n");
    SuiteCatalog catalog =
        SuiteCatalog.load(folder, nano.suitesDescriptor(), List.of(nano.shareAlikeFolder()));
    assertThat(suite(catalog, "bool_nano").items())
        .containsExactly(new Item.Question(0, "Is 1 odd?", "yes", OptionalInt.empty()));
    assertThat(catalog.entry("wikitext_nano")).isInstanceOf(SuiteCatalog.Ready.class);
    assertThat(catalog.entry("gsm_nano"))
        .isInstanceOfSatisfying(
            SuiteCatalog.Missing.class,
            missing ->
                assertThat(missing.reason())
                    .contains("gsm_nano.jsonl")
                    .contains(folder.toString()));
  }

  @Test
  void aFolderWithItsOwnDescriptorIsReadByIt() throws IOException {
    Files.writeString(folder.resolve("data.jsonl"), "{\"q\": \"A\", \"a\": 7}");
    write(descriptor("q"));
    SuiteCatalog catalog =
        SuiteCatalog.load(folder, nano.suitesDescriptor(), List.of(nano.shareAlikeFolder()));
    assertThat(catalog.name()).isEqualTo("mine");
    assertThat(suite(catalog, "one").items())
        .containsExactly(new Item.Question(0, "Ask A!", "7", OptionalInt.empty()));
  }

  private void write(String descriptor) throws IOException {
    Files.writeString(folder.resolve("suites.yaml"), descriptor);
  }

  private static String descriptor(String field) {
    return """
    format: 2
    name: mine
    tasks:
      - name: one
        kind: generative
        about: One.
        file: data.jsonl
        user: "Ask {{ %s }}!"
        expected: "{{ a }}"
        answer: {rule: whole}
        chance: 0.0
        modes: []
        budgets: {no_think: 5}
    """
        .formatted(field);
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(() -> SuiteCatalog.load(folder, nano.suitesDescriptor(), List.of()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll(parts);
  }

  @Test
  void errorsNameFileAndLine() throws IOException {
    write(descriptor("q"));
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"q\": \"A\", \"a\": \"7\"}\n{\"q\": \"B\"}\n");
    assertRefused("data.jsonl, line 2", "\"a\"", "missing");
    Files.writeString(data, "{\"q\": \"A\", \"a\": \"7\"}\n{\"q\": [1], \"a\": \"7\"}\n");
    assertRefused("data.jsonl, line 2", "\"q\"", "a text");
    Files.writeString(data, "{\"q\": \"A\", \"a\": \"7\"}\n\n{\"q\": \"B\", \"a\": \"7\"}\n");
    assertRefused("data.jsonl, line 2", "empty line");
    Files.writeString(data, "{\"q\": \"A\", \n");
    assertRefused("data.jsonl, line 1", "not valid JSON");
    Files.writeString(data, "{\"q\": \"A\", \"a\": \"7\"} {}\n");
    assertRefused("data.jsonl, line 1", "not valid JSON");
    Files.writeString(data, "[1]\n");
    assertRefused("data.jsonl, line 1", "JSON object");
    Files.writeString(data, "");
    assertRefused("data.jsonl", "no records");
    Files.write(data, new byte[] {'{', (byte) 0xff, '}'});
    assertRefused("data.jsonl", "UTF-8");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      value = {
        "kind: generative@kind: guess@generative, multiple_choice",
        "chance: 0.0@chance: 2@from 0 to 1",
        "budgets: {no_think: 5}@budgets: {no_thinking: 5}@slow_think, auto_think or no_think",
        "budgets: {no_think: 5}@budgets: {no_think: 0}@at least 1",
        "modes: []@modes: [slow_think]@budget for slow_think",
        "rule: whole@rule: hole@whole, first_word, first_match, match or mathematics",
        "rule: whole@rule: first_match, pattern: \"(\"@regular expression",
        "rule: whole@rule: whole, pattern: x@unknown keys [pattern]",
        "chance: 0.0@chances: 0.0@chance",
        "file: data.jsonl@file: ../data.jsonl@name of a file",
        "{{ a }}@{{ a|loud }}@a|loud is not defined",
        "{{ a }}@{{ a@open {{ without",
        "format: 2@format: 1@Jinja",
        "name: mine@name: [@not valid YAML",
      })
  void descriptorErrorsSayWhatWasExpected(String from, String to, String message)
      throws IOException {
    Files.writeString(folder.resolve("data.jsonl"), "{\"q\": \"A\", \"a\": 7}");
    write(descriptor("q").replace(from, to));
    assertRefused(message);
  }

  @Test
  void aMissingFolderIsNamed() {
    assertThatThrownBy(
            () -> SuiteCatalog.load(folder.resolve("none"), nano.suitesDescriptor(), List.of()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("none");
  }
}
