package org.bitatlas.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The embedded model's prompts and replies, id by id. */
final class GoldenPromptTest {

  private final ChatTokenizer chat = ChatTokenizers.load(Oracles.NANO);

  @TestFactory
  Stream<DynamicTest> goldenPrompts() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : Oracles.find("golden.json")) {
      for (JsonNode prompt : Oracles.json(file).path("prompts")) {
        for (Map.Entry<String, JsonNode> mode : prompt.path("modes").properties()) {
          String name =
              prompt.path("suite").asString() + " " + prompt.path("record") + " " + mode.getKey();
          String user = prompt.path("user").asString();
          tests.add(
              DynamicTest.dynamicTest(name, () -> check(user, mode.getKey(), mode.getValue())));
        }
      }
    }
    return tests.stream();
  }

  private void check(String user, String mode, JsonNode golden) {
    int[] expected = Oracles.ids(golden.path("prompt_ids"));
    String text = golden.path("prompt_text").asString();
    assertThat(chat.tokenizer().encode(text, false)).containsExactly(expected);
    assertThat(chat.tokenizer().encode(text.substring("<s>".length()), true))
        .containsExactly(expected);

    ThinkingMode asked = ThinkingMode.valueOf(mode.toUpperCase(Locale.ROOT));
    int[] prompt = chat.prompt(List.of(new ChatMessage("user", user)), Optional.of(asked));
    assertThat(prompt).containsExactly(expected);

    List<Integer> reply = Oracles.boxed(Oracles.ids(golden.path("greedy_ids")));
    String replyText = golden.path("greedy_text").asString();
    assertThat(chat.tokenizer().decode(reply, false)).isEqualTo(replyText);
    assertThat(chat.tokenizer().decode(reply, true)).isEqualTo(replyText.replace("[unused10]", ""));
  }
}
