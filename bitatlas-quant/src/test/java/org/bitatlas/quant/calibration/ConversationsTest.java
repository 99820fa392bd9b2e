package org.bitatlas.quant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingProtocol;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Conversations through the embedded model's template, in each of its thinking modes. */
class ConversationsTest {

  @TempDir static Path cache;

  private static Path samples;
  private static ChatTokenizer chat;

  @BeforeAll
  static void open() {
    Nano nano = Nano.open(cache);
    samples = nano.calibrationFile();
    chat = ChatTokenizers.load(nano.modelFolder());
  }

  private static CalibrationSet set(Path file, Optional<ThinkingMode> mode, int sequences) {
    return CalibrationSets.of(
        new CalibrationSource.Chat(file, mode), chat, new Selection(sequences, 64, 0));
  }

  private static String text(CalibrationSet set) {
    List<Integer> ids = set.sequences().stream().flatMapToInt(Arrays::stream).boxed().toList();
    return chat.tokenizer().decode(ids, false);
  }

  /** The samples were written with the template, so rendering their messages gives them back. */
  @Test
  void renderedConversationsAreTheRecordedTexts() {
    try (JsonLines lines = JsonLines.open(samples)) {
      int compared = 0;
      for (int index = 0; index < lines.size(); index++) {
        JsonNode record = lines.record(index);
        if (record.path("messages").isArray()) {
          List<ChatMessage> messages =
              IntStream.range(0, record.path("messages").size())
                  .mapToObj(i -> record.path("messages").get(i))
                  .map(message ->
                      new ChatMessage(
                          message.path("role").stringValue(),
                          message.path("content").stringValue()))
                  .toList();
          Optional<ThinkingMode> mode = ThinkingMode.named(record.path("mode").stringValue());
          assertThat(chat.conversation(messages, mode))
              .isEqualTo(chat.tokenizer().encode(record.path("text").stringValue(), true));
          compared++;
        }
      }
      assertThat(compared).isEqualTo(384);
    }
  }

  @Test
  void plainTextsAreTheRecordsWithoutMessages() {
    CalibrationSet plain =
        CalibrationSets.of(
            CalibrationSource.parse(
                "plain:" + samples, Optional.empty(), Optional.empty(), Path::of),
            chat,
            new Selection(64, 64, 0));

    assertThat(text(plain)).doesNotContain("#### ").doesNotContain("/no_think");
    assertThat(plain.digest()).isNotEqualTo(set(samples, Optional.empty(), 64).digest());
    assertThatThrownBy(
            () -> {
              Path chats =
                  Files.writeString(
                      cache.resolve("chats.jsonl"), "{\"prompt\":\"a\",\"response\":\"b\"}\n");
              CalibrationSets.of(new CalibrationSource.Plain(chats), chat, new Selection(1, 2, 0));
            })
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("conversations only; write chat:FILE");
  }

  @Test
  void eachModeGivesItsOwnConversations() {
    CalibrationSet none = set(samples, Optional.of(ThinkingMode.NO_THINK), 32);
    CalibrationSet auto = set(samples, Optional.of(ThinkingMode.AUTO_THINK), 32);
    CalibrationSet slow = set(samples, Optional.of(ThinkingMode.SLOW_THINK), 32);
    CalibrationSet all = set(samples, Optional.empty(), 32);

    assertThat(text(none)).contains(" /no_think").doesNotContain("/auto_think");
    assertThat(text(auto)).contains(" /auto_think").doesNotContain("/no_think");
    assertThat(text(slow)).doesNotContain("/no_think").doesNotContain("/auto_think");
    assertThat(text(all)).contains("/no_think").contains("/auto_think");
    assertThat(List.of(none.digest(), auto.digest(), slow.digest(), all.digest()))
        .doesNotHaveDuplicates();
    assertThat(none.description())
        .containsEntry("mode", "no_think")
        .containsKeys("conversations", "template", "source_digest");
    assertThat(all.description()).containsEntry("mode", "as recorded");
    assertThat(set(samples, Optional.of(ThinkingMode.NO_THINK), 32).digest())
        .isEqualTo(none.digest());
  }

  @Test
  void promptsAndResponsesAreAskedInTheMode() throws IOException {
    Path file = cache.resolve("pairs.jsonl");
    Files.writeString(
        file,
        """
        {"prompt": "Is 2 greater than 1?", "response": "yes"}

        {"text": "a plain sample"}
        """
            .repeat(9));
    CalibrationSet set = set(file, Optional.of(ThinkingMode.NO_THINK), 2);
    assertThat(text(set)).contains("Is 2 greater than 1? /no_think").doesNotContain("plain");
  }

  @Test
  void unsupportedModesAndBaseModelsAreRefused() throws IOException {
    ChatTokenizer fast =
        new ChatTokenizer(
            chat.tokenizer(),
            chat.template(),
            new ThinkingProtocol(
                Map.of(ThinkingMode.NO_THINK, ""),
                chat.thinking().openId(),
                chat.thinking().closeId(),
                false),
            chat.stopIds(),
            chat.sampling());
    assertThatThrownBy(() ->
            CalibrationSets.of(
                new CalibrationSource.Chat(samples, Optional.of(ThinkingMode.SLOW_THINK)),
                fast,
                new Selection(1, 8, 0)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(
            "does not support the thinking mode SLOW_THINK (supported: NO_THINK)");
    assertThatThrownBy(() ->
            CalibrationSets.of(
                new CalibrationSource.Chat(samples, Optional.empty()),
                CharacterTokenizer.ofBaseModel(),
                new Selection(1, 8, 0)))
        .hasMessageContaining("no chat template (it is a base model)");
  }

  @Test
  void malformedRecordsAreNamedByLine() throws IOException {
    assertRefused("{\"question\": \"?\"}", "line 1 has neither 'messages' nor 'prompt'");
    assertRefused("\n{\"prompt\": \"?\"}", "line 2 has no string 'response'");
    assertRefused("{\"messages\": [{\"role\": \"user\"}]}", "line 1 has no string 'content'");
    assertRefused(
        "{\"prompt\": \"?\", \"response\": \"!\", \"mode\": \"fast\"}",
        "line 1 names the mode \"fast\"; there are slow_think");
    assertRefused("{\"text\": \"a\"}", "has no conversation: 1 records have a text only, 0");
  }

  private static void assertRefused(String lines, String message) throws IOException {
    Path file = cache.resolve("wrong.jsonl");
    Files.writeString(file, lines);
    assertThatThrownBy(() -> set(file, Optional.empty(), 1))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }
}
