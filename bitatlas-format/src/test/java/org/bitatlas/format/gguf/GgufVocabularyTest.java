package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.gguf.GgufVocabulary.Token;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tokenizers to metadata and back. */
class GgufVocabularyTest {

  @TempDir Path folder;

  /** A byte-level vocabulary: the printable letters of all bytes, a few merges, three specials. */
  private static GgufVocabulary byteLevel(PreTokenizer rule, boolean addsBegin) {
    List<Token> tokens = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      tokens.add(new Token(letter(value), 0, TokenKind.NORMAL));
    }
    List<String> merges = List.of("h e", "l l", "he ll", "hell o", "\u0120 w", "1 2");
    for (String merge : merges) {
      tokens.add(new Token(merge.replace(" ", ""), 0, TokenKind.NORMAL));
    }
    tokens.add(new Token("<|begin|>", 0, TokenKind.CONTROL));
    tokens.add(new Token("<|end|>", 0, TokenKind.CONTROL));
    tokens.add(new Token("<think>", 0, TokenKind.USER_DEFINED));
    int specials = 262;
    tokens.add(Token.padding(265));
    return new GgufVocabulary(
        GgufVocabulary.BYTE_LEVEL,
        rule.label(),
        List.copyOf(tokens),
        false,
        merges,
        new SpecialIds(
            Optional.of(specials), Optional.of(specials + 1), Optional.empty(), Optional.empty()),
        addsBegin,
        false,
        Optional.of("{% for m in messages %}{{ m.content }}{% endfor %}"));
  }

  /** GPT-2's printable letter of a byte. */
  private static String letter(int value) {
    boolean printable =
        (value >= '!' && value <= '~') || (value >= 0xA1 && value <= 0xFF && value != 0xAD);
    if (printable) {
      return String.valueOf((char) value);
    }
    int moved = value <= ' ' ? value : value <= 0xA0 ? value - 0x7F + 0x21 : 0x43;
    return String.valueOf((char) (0x100 + moved));
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void byteLevelTokenizersComeBack(PreTokenizer rule) throws IOException {
    if (rule == PreTokenizer.DEEPSEEK_R1_QWEN) {
      return; // The rule of QWEN2 under a name that only DeepSeek's begin token gives.
    }
    for (boolean addsBegin : new boolean[] {true, false}) {
      GgufVocabulary vocabulary = byteLevel(rule, addsBegin);
      GgufMetadata metadata = GgufMetadata.empty("test");
      vocabulary.describe(metadata);
      assertThat(GgufVocabulary.of(metadata)).isEqualTo(vocabulary);
      Path model = Files.createDirectories(folder.resolve(rule + "-" + addsBegin));
      SequencedMap<String, byte[]> files = new LinkedHashMap<>();
      BytePairFiles.write(vocabulary, "test", files);
      files.put("config.json", JsonFile.content(JsonFile.object()));
      for (var file : files.entrySet()) {
        Files.write(model.resolve(file.getKey()), file.getValue());
      }
      assertThat(GgufVocabulary.ofFolder(model, vocabulary.tokens().size())).isEqualTo(vocabulary);
      ChatTokenizer text = ChatTokenizers.load(model);
      int[] ids = text.tokenizer().encode("hello world<think> 12", true);
      assertThat(ids).startsWith(addsBegin ? new int[] {262, 259} : new int[] {259});
      assertThat(ids).contains(264);
      assertThat(text.tokenizer().decode(Arrays.stream(ids).boxed().toList(), true))
          .isEqualTo("hello world<think> 12");
      assertThat(text.stopIds()).containsExactly(263);
    }
  }

  @Test
  void tokenizersThatLlamaCppHasNoLikeOfAreRefused() throws IOException {
    assertThatThrownBy(() -> GgufVocabulary.ofFolder(folder, 10))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContaining("neither tokenizer.model nor tokenizer.json");
    Files.writeString(
        folder.resolve("tokenizer.json"), "{\"model\": {\"type\": \"WordPiece\", \"vocab\": {}}}");
    assertThatThrownBy(() -> GgufVocabulary.ofFolder(folder, 10))
        .hasMessageContaining("no byte-level BPE");
    Path unigram = folder.resolve("tokenizer.model");
    ProtobufWriter piece = new ProtobufWriter().text(1, "<unk>").integer(3, 2);
    Files.write(unigram, new ProtobufWriter().message(1, piece).toByteArray());
    assertThatThrownBy(() -> GgufVocabulary.ofFolder(folder, 10))
        .hasMessageContaining("does not merge byte pairs");
  }

  @Test
  void metadataThatContradictsItselfIsRefused() {
    GgufMetadata metadata = GgufMetadata.empty("file.gguf");
    byteLevel(PreTokenizer.QWEN2, false).describe(metadata);
    metadata.put("tokenizer.ggml.eos_token_id", 5000);
    refused(metadata, "eos_token_id must be an id below 266");
    metadata.put("tokenizer.ggml.eos_token_id", 2);
    metadata.put(
        GgufVocabulary.KINDS,
        new GgufValue.Sequence(GgufKind.INT32, List.of(new GgufValue.Whole(GgufKind.INT32, 1))));
    refused(metadata, "an array of 266 values");
    metadata.put("tokenizer.ggml.tokens", "none");
    refused(metadata, "tokens must be an array");
    metadata.put("tokenizer.ggml.model", "t5");
    refused(metadata, "cannot be rebuilt; give the folder of the model's tokenizer");
  }

  private static void refused(GgufMetadata metadata, String reason) {
    assertThatThrownBy(() -> GgufVocabulary.of(metadata))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(reason);
  }
}
