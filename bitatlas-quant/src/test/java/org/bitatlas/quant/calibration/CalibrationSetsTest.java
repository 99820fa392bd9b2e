package org.bitatlas.quant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrationSetsTest {

  private static final int BEGIN = CharacterTokenizer.BEGIN;
  private static final Tokenizer CHARACTERS = new CharacterTokenizer();

  private static final List<String> SAMPLES = List.of("aaaa", "bbb", "cc", "ddddd");

  @Test
  void concatenatesWholeSamplesInSeededOrder() {
    CalibrationSet set =
        CalibrationSets.fromSamples(SAMPLES, CHARACTERS, new Selection(4, 4, 7), "letters");

    assertThat(set.sequences()).hasSize(4).allSatisfy(ids -> assertThat(ids).hasSize(4));
    StringBuilder text = new StringBuilder();
    set.sequences().forEach(ids -> IntStream.of(ids).forEach(id -> text.append((char) id)));
    List<String> seen =
        List.of(text.toString().split("\u0001")).stream().filter(part -> !part.isEmpty()).toList();
    assertThat(seen.subList(0, seen.size() - 1)).isSubsetOf(SAMPLES).doesNotHaveDuplicates();
    assertThat(text.charAt(0)).isEqualTo((char) BEGIN);
    assertThat(set.description())
        .containsEntry("source", "letters")
        .containsEntry("seed", "7")
        .containsEntry("digest", set.digest());
  }

  @Test
  void theSeedDecidesOrderAndDigest() {
    CalibrationSet first =
        CalibrationSets.fromSamples(SAMPLES, CHARACTERS, new Selection(4, 4, 1), "letters");
    CalibrationSet again =
        CalibrationSets.fromSamples(SAMPLES, CHARACTERS, new Selection(4, 4, 1), "letters");
    CalibrationSet other =
        CalibrationSets.fromSamples(SAMPLES, CHARACTERS, new Selection(4, 4, 2), "letters");

    assertThat(again.digest()).isEqualTo(first.digest()).hasSize(64);
    assertThat(other.digest()).isNotEqualTo(first.digest());
  }

  @Test
  void aShortSourceIsAnErrorAndNotWrapped() {
    assertThatThrownBy(() ->
            CalibrationSets.fromSamples(SAMPLES, CHARACTERS, new Selection(5, 4, 1), "letters"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("letters has 18 tokens, but 20 are asked for");
    assertThatThrownBy(
            () -> CalibrationSets.fromText("abc", CHARACTERS, new Selection(1, 5, 1), "text"))
        .hasMessageContaining("text has 4 tokens, but 5");
  }

  @Test
  void takesSeededWindowsOfAText() {
    String text = "abcdefghijklmnopqrstuvwxyz";
    CalibrationSet set = CalibrationSets.fromText(text, CHARACTERS, new Selection(3, 5, 4), "abc");

    for (int[] ids : set.sequences()) {
      for (int t = 1; t < ids.length; t++) {
        assertThat(ids[t]).isEqualTo(ids[t - 1] == BEGIN ? 'a' : ids[t - 1] + 1);
      }
    }
    assertThat(CalibrationSets.fromText(text, CHARACTERS, new Selection(3, 5, 4), "abc").digest())
        .isEqualTo(set.digest());
  }

  @Test
  void readsJsonLines(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("samples.jsonl");
    Files.writeString(file, "{\"text\":\"aaaa\"}\n\n{\"text\":\"bbbb\",\"mode\":\"x\"}\n");
    CalibrationSet set = CalibrationSets.fromJsonLines(file, CHARACTERS, new Selection(2, 5, 0));
    assertThat(set.sequences()).hasSize(2);

    Files.writeString(file, "{\"text\":\"aaaa\"}\n{\"txt\":\"bbbb\"}\n");
    assertThatThrownBy(
            () -> CalibrationSets.fromJsonLines(file, CHARACTERS, new Selection(1, 5, 0)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("line 2");
    Files.writeString(file, "{\"text\":\n");
    assertThatThrownBy(
            () -> CalibrationSets.fromJsonLines(file, CHARACTERS, new Selection(1, 5, 0)))
        .hasMessageContaining("line 1 is not valid JSON");
  }

  /** Digests of behaviour version 1: raise the version when they change. */
  @Test
  void theSetsOfTheEmbeddedTextsAreThoseOfVersionOne(@TempDir Path cache) throws IOException {
    assertThat(CalibrationSets.BEHAVIOUR_VERSION).isEqualTo(1);
    Nano nano = Nano.open(cache);
    ChatTokenizer chat = ChatTokenizers.load(nano.modelFolder());
    assertThat(
            CalibrationSets.fromJsonLines(
                    nano.calibrationFile(), chat.tokenizer(), new Selection(64, 256, 0))
                .digest())
        .isEqualTo("49cc4c5b15c0f6794cc4f8e0bbc49c474309f1648e6cfcce23f6511106c37a50");
    assertThat(
            CalibrationSets.of(
                    new CalibrationSource.Text(nano.wikiTextFile()),
                    chat,
                    new Selection(32, 128, 5))
                .digest())
        .isEqualTo("44d12833daadd609f99b6d7a12a1972ff53d469bec6b7550fa7c4b61a9ceb374");
  }

  @Test
  void givenIdsMustBeOfOneLength() {
    assertThat(CalibrationSets.ofIds(List.of(new int[] {1, 2}), "ids").length()).isEqualTo(2);
    assertThatThrownBy(() -> CalibrationSets.ofIds(List.of(new int[] {1, 2}, new int[] {3}), "ids"))
        .hasMessageContaining("sequences of 2 and of 1 tokens");
    assertThatThrownBy(() -> CalibrationSets.ofIds(List.of(), "ids"))
        .hasMessageContaining("no token ids");
  }
}
