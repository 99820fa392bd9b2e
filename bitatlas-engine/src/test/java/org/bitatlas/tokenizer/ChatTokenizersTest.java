package org.bitatlas.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a folder's files say: modes, stop ids, sampling, begin tokens, and clear errors. */
final class ChatTokenizersTest {

  private static final List<ChatMessage> HELLO = List.of(new ChatMessage("user", "Hello"));

  @TempDir private Path folder;

  private void copyNano() throws IOException {
    for (String name : List.of("tokenizer.model", "tokenizer_config.json", "config.json")) {
      Files.copy(Oracles.NANO.resolve(name), folder.resolve(name));
    }
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  private void replace(String name, String old, String replacement) throws IOException {
    String text = Files.readString(folder.resolve(name));
    assertThat(text).contains(old);
    write(name, text.replace(old, replacement));
  }

  /** A byte-level tokenizer.json of 256 byte tokens and a few added ones. */
  private void writeByteLevel(String processor, String... added) throws IOException {
    StringBuilder vocabulary = new StringBuilder();
    int next = 256;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          (value > 32 && value < 127) || (value > 160 && value < 256 && value != 173);
      int letter = printable ? value : next++;
      vocabulary.append(String.format("%s\"\\u%04x\":%d", value == 0 ? "" : ",", letter, value));
    }
    StringBuilder tokens = new StringBuilder();
    for (int i = 0; i < added.length; i++) {
      tokens.append(
          String.format(
              "%s{\"id\":%d,\"content\":\"%s\",\"single_word\":false,\"lstrip\":false,"
                  + "\"rstrip\":false,\"normalized\":false,\"special\":%s}",
              i == 0 ? "" : ",", 256 + i, added[i], !added[i].contains("think")));
    }
    write(
        "tokenizer.json",
        "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
            + tokens
            + "],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"ByteLevel\","
            + "\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true},"
            + "\"post_processor\":"
            + processor
            + ",\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,"
            + "\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\","
            + "\"dropout\":null,\"unk_token\":null,\"continuing_subword_prefix\":null,"
            + "\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"vocab\":{"
            + vocabulary
            + "},\"merges\":[]}}");
  }

  @Test
  void embeddedModelHasAllModes() {
    ChatTokenizer chat = ChatTokenizers.load(Oracles.NANO);
    assertThat(chat.thinking().userSuffixes())
        .isEqualTo(
            Map.of(
                ThinkingMode.SLOW_THINK, "",
                ThinkingMode.AUTO_THINK, " /auto_think",
                ThinkingMode.NO_THINK, " /no_think"));
    assertThat(chat.thinking().openId()).isEqualTo(OptionalInt.of(19));
    assertThat(chat.thinking().closeId()).isEqualTo(OptionalInt.of(20));
    assertThat(chat.thinking().templateOpensSpan()).isFalse();
    assertThat(chat.stopIds()).containsExactly(13);
    assertThat(chat.sampling()).isEqualTo(SamplingDefaults.GREEDY);
    assertThat(chat.tokenizer().vocabularySize()).isEqualTo(2048);
    assertThat(chat.tokenizer().beginOfSequenceId()).isEqualTo(OptionalInt.of(1));
    assertThat(chat.tokenizer().tokenOf(12)).isEqualTo("[unused9]");
    assertThat(chat.tokenizer().digest()).hasSize(64);
  }

  @Test
  void smallOpenPanguKnowsNoThinkOnly() throws IOException {
    copyNano();
    replace("config.json", "\"hidden_size\": 256", "\"hidden_size\": 1536");
    replace("config.json", "\"num_hidden_layers\": 6", "\"num_hidden_layers\": 26");
    ChatTokenizer chat = ChatTokenizers.load(folder);
    assertThat(chat.thinking().userSuffixes()).isEqualTo(Map.of(ThinkingMode.NO_THINK, ""));
    assertThatThrownBy(() -> chat.prompt(HELLO, Optional.of(ThinkingMode.SLOW_THINK)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("SLOW_THINK")
        .hasMessageContaining("supported: NO_THINK");
  }

  @Test
  void thinkingFileOverridesTheTable() throws IOException {
    copyNano();
    write(
        "bitatlas-thinking.json",
        "{\"modes\": {\"NO_THINK\": \" quick\"}, \"open\": \"[unused1]\", \"close\": \"[unused2]\"}");
    ThinkingProtocol thinking = ChatTokenizers.load(folder).thinking();
    assertThat(thinking.userSuffixes()).isEqualTo(Map.of(ThinkingMode.NO_THINK, " quick"));
    assertThat(thinking.closeId()).isEqualTo(OptionalInt.of(5));
    write("bitatlas-thinking.json", "{\"modes\": {\"FAST\": \"\"}, \"close\": \"[unused2]\"}");
    assertThatThrownBy(() -> ChatTokenizers.load(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("bitatlas-thinking.json")
        .hasMessageContaining("FAST");
  }

  @Test
  void generationConfigGivesSamplingAndStopIds() throws IOException {
    copyNano();
    write(
        "generation_config.json",
        "{\"do_sample\": true, \"temperature\": 0.6, \"top_k\": 40, \"top_p\": 0.95,"
            + " \"eos_token_id\": [13, 2]}");
    ChatTokenizer chat = ChatTokenizers.load(folder);
    assertThat(chat.sampling()).isEqualTo(new SamplingDefaults(true, 0.6, 40, 0.95));
    assertThat(chat.stopIds()).containsExactlyInAnyOrder(13, 2);
  }

  @Test
  void servingTemplateGetsNoSecondBegin() throws IOException {
    copyNano();
    int[] plain = ChatTokenizers.load(folder).prompt(HELLO, Optional.empty());
    // The template for serving starts the system part with a literal begin token.
    replace("tokenizer_config.json", "'[unused9]系统：", "'<s>[unused9]系统：");
    ChatTokenizer serving = ChatTokenizers.load(folder);
    assertThat(serving.promptText(HELLO, Optional.empty())).startsWith("<s>[unused9]系统：");
    assertThat(serving.prompt(HELLO, Optional.empty())).containsExactly(plain);
  }

  @Test
  void suffixGoesToTheLastUserMessageOnce() {
    ChatTokenizer chat = ChatTokenizers.load(Oracles.NANO);
    List<ChatMessage> history =
        List.of(
            new ChatMessage("user", "One"),
            new ChatMessage("assistant", "1"),
            new ChatMessage("user", "Two"));
    String text = chat.promptText(history, Optional.of(ThinkingMode.NO_THINK));
    assertThat(text)
        .contains("用户：One[unused10]")
        .endsWith("用户：Two /no_think[unused10][unused9]助手：");
    List<ChatMessage> written = List.of(new ChatMessage("user", "Two /no_think"));
    assertThat(chat.promptText(written, Optional.of(ThinkingMode.NO_THINK)))
        .contains("用户：Two /no_think[unused10]");
  }

  @Test
  void distilledReasonerTakesItsTokenizersBegin() throws IOException {
    writeByteLevel(
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":false,\"use_regex\":true}",
        "<eos>",
        "<bos>",
        "<think>",
        "</think>");
    write(
        "config.json", "{\"model_type\": \"qwen2\", \"bos_token_id\": 256, \"eos_token_id\": 256}");
    write(
        "tokenizer_config.json",
        "{\"tokenizer_class\": \"LlamaTokenizerFast\", \"add_bos_token\": true,"
            + "\"bos_token\": {\"content\": \"<bos>\"}, \"eos_token\": \"<eos>\","
            + "\"chat_template\": \"{{ bos_token }}{% for m in messages %}{{ m.content }}"
            + "{% endfor %}{% if add_generation_prompt %}<A><think>\\n{% endif %}\"}");
    ChatTokenizer chat = ChatTokenizers.load(folder);
    assertThat(chat.tokenizer().encode("A", true)).containsExactly(257, 65);
    assertThat(chat.tokenizer().beginOfSequenceId()).isEqualTo(OptionalInt.of(257));
    assertThat(chat.stopIds()).containsExactly(256);
    assertThat(chat.thinking().templateOpensSpan()).isTrue();
    assertThat(chat.thinking().userSuffixes()).isEqualTo(Map.of(ThinkingMode.SLOW_THINK, ""));
    int[] prompt = chat.prompt(HELLO, Optional.of(ThinkingMode.SLOW_THINK));
    assertThat(Arrays.stream(prompt).filter(id -> id == 257)).hasSize(1);
    assertThat(prompt[0]).isEqualTo(257);
    List<Integer> reply = List.of(257, 65, 259, 66, 256, 9999, -1);
    assertThat(chat.tokenizer().decode(reply, true)).isEqualTo("A</think>B");
    assertThat(chat.tokenizer().decode(reply, false)).isEqualTo("<bos>A</think>B<eos>");
    assertThatThrownBy(() -> chat.prompt(HELLO, Optional.of(ThinkingMode.NO_THINK)))
        .hasMessageContaining("supported: SLOW_THINK");
  }

  @Test
  void otherClassesFollowTheirPostProcessor() throws IOException {
    writeByteLevel(
        "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<bos>\","
            + "\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[{\"Sequence\":"
            + "{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":{\"id\":\"B\",\"type_id\":1}}],"
            + "\"special_tokens\":{\"<bos>\":{\"id\":\"<bos>\",\"ids\":[257],\"tokens\":[\"<bos>\"]}}}",
        "<eos>",
        "<bos>");
    write("tokenizer_config.json", "{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}");
    ChatTokenizer chat = ChatTokenizers.load(folder);
    assertThat(chat.tokenizer().beginOfSequenceId()).isEqualTo(OptionalInt.of(257));
    assertThat(chat.tokenizer().encode("A", true)).containsExactly(257, 65);
    assertThat(chat.thinking()).isEqualTo(ThinkingProtocol.none());
    assertThat(chat.template()).isEmpty();
    assertThatThrownBy(() -> chat.prompt(HELLO, Optional.empty()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("no chat template");
    // The binding cuts texts at 512 tokens unless told not to.
    assertThat(chat.tokenizer().encode("a".repeat(5000), true)).hasSize(5001);
  }

  @Test
  void malformedFoldersGiveOneSentence() throws IOException {
    assertThatThrownBy(() -> ChatTokenizers.load(folder.resolve("nowhere")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("nowhere");
    assertThatThrownBy(() -> ChatTokenizers.load(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("tokenizer.json or tokenizer.model");
    byte[] whole = Files.readAllBytes(Oracles.NANO.resolve("tokenizer.model"));
    for (int length : new int[] {0, 1, 2, 7, 100, 1000, 20_000, whole.length - 1}) {
      Files.write(folder.resolve("tokenizer.model"), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> ChatTokenizers.load(folder))
          .as("%d bytes", length)
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("tokenizer.model");
    }
    Files.write(folder.resolve("tokenizer.model"), whole);
    write("tokenizer_config.json", "{\"add_bos_token\": tru");
    assertThatThrownBy(() -> ChatTokenizers.load(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("tokenizer_config.json is not valid JSON");
    write("tokenizer_config.json", "{\"added_tokens_decoder\": {\"x\": {\"content\": \"y\"}}}");
    assertThatThrownBy(() -> ChatTokenizers.load(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("\"x\"");
    write("tokenizer_config.json", "{\"chat_template\": 7}");
    assertThatThrownBy(() -> ChatTokenizers.load(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("chat_template");
    write("tokenizer_config.json", "{}");
    for (String json : List.of("", "[]", "{\"a\": 1}", "{\"model\": {\"type\": \"BPE\"}}")) {
      write("tokenizer.json", json);
      assertThatThrownBy(() -> ChatTokenizers.load(folder))
          .as("%s", json)
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("tokenizer.json");
    }
  }

  @Test
  void malformedTiktokenNamesTheLine() throws IOException {
    write("tokenizer.model", "IQ== 0\nIg== 2\n");
    assertThatThrownBy(() -> ChatTokenizers.load(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("tokenizer.model, line 2");
    write("tokenizer.model", "IQ== 0\nIg== 1\n");
    assertThatThrownBy(() -> ChatTokenizers.load(folder))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("no token for the byte");
  }

  @Test
  void flippedBytesNeverCrash() throws IOException {
    byte[] whole = Files.readAllBytes(Oracles.NANO.resolve("tokenizer.model"));
    java.util.SplittableRandom random = new java.util.SplittableRandom(11);
    for (int round = 0; round < 300; round++) {
      byte[] damaged = whole.clone();
      for (int flip = 0; flip < 3; flip++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      Files.write(folder.resolve("tokenizer.model"), damaged);
      try {
        ChatTokenizers.load(folder).tokenizer().encode("Nina has 4 bags", true);
      } catch (BitAtlasException expected) {
        assertThat(expected).hasMessageContaining("tokenizer.model");
      }
    }
  }
}
