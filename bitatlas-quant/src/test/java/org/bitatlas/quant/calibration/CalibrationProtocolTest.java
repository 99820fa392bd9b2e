package org.bitatlas.quant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The sources of the methods' loaders, against what Python gives for the same loops over one token
 * per character (CPython 3.11.7, numpy 2.4.6).
 */
class CalibrationProtocolTest {

  private static final ChatTokenizer CHARACTERS = CharacterTokenizer.ofBaseModel();

  @TempDir Path folder;

  private static List<String> texts(CalibrationSet set) {
    return set.sequences().stream().map(CharacterTokenizer::text).toList();
  }

  /** {@code [random.randint(0, T - 6 - 1) for _ in range(3)]} after {@code random.seed(0)}. */
  @Test
  void wikiTextGivesTheReferencesWindows() throws IOException {
    Path file = folder.resolve("wiki.raw");
    Files.writeString(file, " \n = A = \r\n\n one two \n three \n");

    assertThat(texts(wikiText(file, Joining.BLANK_LINE)))
        .containsExactly(" three", "\n\n\n on", "\n\n\n th");
    assertThat(texts(wikiText(file, Joining.SPACE))).containsExactly(" one t", "three ", "one tw");
    assertThat(texts(wikiText(file, Joining.STRIPPED)))
        .containsExactly("one tw", "ne two", "\n\n= A ");
    CalibrationSet paragraphs = wikiText(file, Joining.PARAGRAPHS);
    assertThat(texts(paragraphs)).containsExactly("two\n\nt", "wo\n\nth", "= A =\n");
    assertThat(paragraphs.description())
        .containsEntry("source", "wiki.raw")
        .containsEntry("join", "paragraphs")
        .containsEntry("seed", "0")
        .containsEntry("digest", paragraphs.digest())
        .hasEntrySatisfying("source_digest", digest -> assertThat(digest).hasSize(64));

    assertThatThrownBy(() ->
            CalibrationSets.of(
                new CalibrationSource.WikiText(file, Joining.PARAGRAPHS),
                CHARACTERS,
                new Selection(4, 6, 0)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("wiki.raw has 22 tokens, but 24 are asked for");
  }

  private static CalibrationSet wikiText(Path file, Joining joining) {
    return CalibrationSets.of(
        new CalibrationSource.WikiText(file, joining), CHARACTERS, new Selection(3, 6, 0));
  }

  private static List<String> documents() {
    return IntStream.range(0, 12)
        .mapToObj(d ->
            IntStream.range(0, d * 7 % 23)
                .mapToObj(k -> Character.toString('a' + (d + k) % 26))
                .collect(Collectors.joining()))
        .toList();
  }

  private Path jsonLines(String start, String end) throws IOException {
    Path file = folder.resolve("documents.json");
    Files.writeString(
        file,
        documents().stream()
            .map(text -> "{\"text\": \"" + start + text + end + "\", \"url\": \"x\"}\n")
            .collect(Collectors.joining()));
    return file;
  }

  @Test
  void c4GivesTheReferencesWindows() throws IOException {
    Path file = jsonLines("", "");
    CalibrationSet set =
        CalibrationSets.of(new CalibrationSource.C4(file), CHARACTERS, new Selection(6, 10, 3));
    assertThat(texts(set))
        .containsExactly(
            "lmnopqrstu",
            "\u0001ijklmnopq",
            "ghijklmnop",
            "jklmnopqrs",
            "\u0001jklmnopqr",
            "\u0001ijklmnopq");
    assertThat(set.description()).containsEntry("documents", "4");

    assertThatThrownBy(() ->
            CalibrationSets.of(new CalibrationSource.C4(file), CHARACTERS, new Selection(2, 22, 0)))
        .hasMessageContaining("None of the 12 documents")
        .hasMessageContaining("more than 22 tokens");
    assertThatThrownBy(() ->
            CalibrationSets.of(
                new CalibrationSource.C4(file), CHARACTERS, new Selection(99, 10, 0)))
        .hasMessageContaining("has 99 tokens, but 990 are asked for");
  }

  /** The order of {@code numpy.random.default_rng(42).permutation(12)}. */
  @Test
  void thePileGivesTheReferencesBlocks() throws IOException {
    Path file = jsonLines("  ", "\\n");
    CalibrationSet set =
        CalibrationSets.of(new CalibrationSource.Pile(file), CHARACTERS, new Selection(3, 12, 42));
    assertThat(texts(set))
        .containsExactly(
            "\u0001\u0001hij\u0001lmnopq", "rs\u0001efghi\u0001k\u0001b", "cdefgh\u0001ijklm");
    assertThat(set.description()).containsEntry("samples", "7").containsEntry("seed", "42");

    assertThatThrownBy(() ->
            CalibrationSets.of(
                new CalibrationSource.Pile(file), CHARACTERS, new Selection(1, 12, -1)))
        .hasMessageContaining("needs 0 or more");
  }

  @Test
  void filesThatCannotBeReadAreNamed() throws IOException {
    Path gzip = folder.resolve("c4.json.gz");
    Files.write(gzip, new byte[] {0x1f, (byte) 0x8b, 8});
    for (CalibrationSource source :
        List.of(
            new CalibrationSource.C4(gzip),
            new CalibrationSource.Text(gzip),
            new CalibrationSource.Samples(gzip))) {
      assertThatThrownBy(() -> CalibrationSets.of(source, CHARACTERS, new Selection(1, 2, 0)))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("c4.json.gz is compressed; unpack it first");
    }
    assertThatThrownBy(() ->
            CalibrationSets.of(
                new CalibrationSource.Pile(folder.resolve("none")),
                CHARACTERS,
                new Selection(1, 2, 0)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("none");
    Path latin = folder.resolve("latin.jsonl");
    Files.write(latin, new byte[] {'{', '"', (byte) 0xe4, '"', '}'});
    assertThatThrownBy(() ->
            CalibrationSets.of(
                new CalibrationSource.Samples(latin), CHARACTERS, new Selection(1, 2, 0)))
        .hasMessageContaining("line 1 is not valid UTF-8");
  }
}
