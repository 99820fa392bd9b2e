package org.bitatlas.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * The texts and expected ids of llama.cpp's tokenizer tests. GPT-2 is in this repository; the Llama
 * vocabularies are not, for their licence, and are read from {@code -Dbitatlas.tokenizers=DIR}.
 */
final class VocabularyFilesTest {

  private static final Path GPT2 =
      Path.of(System.getProperty("bitatlas.root"))
          .resolve("bitatlas-engine/src/test/resources/org/bitatlas/tokenizer/gpt2");

  @Test
  void gpt2TokenizerJson() throws IOException {
    check(
        ChatTokenizers.load(GPT2).tokenizer(),
        GPT2.resolve("gpt-2.inp"),
        GPT2.resolve("gpt-2.out"));
  }

  @Test
  void llama2SentencePieceModel() throws IOException {
    checkExternal("llama2", "llama-spm");
  }

  @Test
  void llama3TiktokenModel() throws IOException {
    checkExternal("llama3", "llama-bpe");
  }

  private static void checkExternal(String folder, String vocabulary) throws IOException {
    Path root = externalRoot();
    Path cases = root.resolve("ggml-vocab").resolve("ggml-vocab-" + vocabulary + ".gguf.inp");
    Assumptions.assumeTrue(Files.exists(cases), "no " + cases);
    check(
        ChatTokenizers.load(root.resolve(folder)).tokenizer(),
        cases,
        cases.resolveSibling("ggml-vocab-" + vocabulary + ".gguf.out"));
  }

  static Path externalRoot() {
    String root = System.getProperty("bitatlas.tokenizers", "");
    Assumptions.assumeFalse(
        root.isEmpty(), "set -Dbitatlas.tokenizers=DIR to test vocabularies of other licences");
    return Path.of(root);
  }

  private static void check(Tokenizer tokenizer, Path input, Path output) throws IOException {
    List<String> texts =
        Arrays.asList(Files.readString(input).split("\n__ggml_vocab_test__\n", -1));
    List<String> lines = Files.readAllLines(output);
    assertThat(lines).hasSizeGreaterThan(30);
    for (int i = 0; i < lines.size(); i++) {
      int[] expected =
          Arrays.stream(lines.get(i).strip().split(" "))
              .filter(id -> !id.isEmpty())
              .mapToInt(Integer::parseInt)
              .toArray();
      String text = texts.get(i);
      int[] ids = tokenizer.encode(text, false);
      assertThat(ids).as("ids of [%s]", text).containsExactly(expected);
      assertThat(tokenizer.decode(Oracles.boxed(ids), false)).as("text again").isEqualTo(text);
    }
  }
}
