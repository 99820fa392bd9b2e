package org.bitatlas.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** A Llama SentencePiece model, as tokenizer.model and as tokenizer.json, against golden ids. */
final class SentencePieceCasesTest {

  @TestFactory
  Stream<DynamicTest> goldenCases() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : Oracles.find("tokenizer_cases.json")) {
      Path folder = file.getParent();
      Tokenizer fast = ChatTokenizers.load(folder).tokenizer();
      Path model = folder.resolve("tokenizer.model");
      Tokenizer slow =
          SentencePieceTokenizer.load(
              model.toString(),
              Files.readAllBytes(model),
              TokenizerSettings.read(ModelFolder.open(folder)));
      for (JsonNode node : Oracles.json(file).path("cases")) {
        String text = node.path("text").asString();
        String name = folder.getFileName() + " [" + text + "]";
        tests.add(
            DynamicTest.dynamicTest(name + " model", () -> check(slow, node, "ids_sentencepiece")));
        tests.add(
            DynamicTest.dynamicTest(name + " json", () -> check(fast, node, "ids_tokenizer_json")));
      }
    }
    return tests.stream();
  }

  private static void check(Tokenizer tokenizer, JsonNode golden, String key) {
    String text = golden.path("text").asString();
    int[] expected = Oracles.ids(golden.path(key));
    assertThat(tokenizer.encode(text, true)).containsExactly(expected);
    assertThat(tokenizer.encode(text, false))
        .containsExactly(Arrays.copyOfRange(expected, 1, expected.length));
    assertThat(tokenizer.decode(Oracles.boxed(expected), true))
        .isEqualTo(golden.path("decoded_sentencepiece").asString());
  }
}
