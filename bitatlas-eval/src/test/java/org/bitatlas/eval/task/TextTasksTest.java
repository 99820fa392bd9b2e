package org.bitatlas.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.zip.GZIPOutputStream;
import org.bitatlas.eval.FakeTokenizer;
import org.bitatlas.nano.Nano;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Published texts as tasks: the GPTQ papers' text, and the harness's documents. */
class TextTasksTest {

  @TempDir Path folder;

  private static Nano nano;

  @BeforeAll
  static void openNano(@TempDir Path cache) {
    nano = Nano.open(cache);
  }

  private SuiteCatalog catalog() {
    return SuiteCatalog.load(folder, nano.suitesDescriptor(), List.of());
  }

  private static List<Item> items(SuiteCatalog.Entry entry) {
    return ((SuiteCatalog.Described) entry).open().suite().items();
  }

  private void write(String file, String text) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  @Test
  void wikitextIsReadAsPublished() throws IOException {
    String raw = " \n = One = \n \n a b . \n \n = = Part = = \n \n c \n = Two = \n \n d \n";
    write("wikitext2/wiki.test.raw", raw);
    String joined =
        String.join(
            "\n\n",
            "",
            " = One = \n",
            "",
            " a b . \n",
            "",
            " = = Part = = \n",
            "",
            " c \n",
            " = Two = \n",
            "",
            " d \n");
    assertThat(items(catalog().entry("wikitext2"))).containsExactly(new Item.Text(0, joined));
    assertThat(items(catalog().entry("wikitext2_rolling")))
        .containsExactly(
            new Item.Document(0, " = One = \n \n a b . \n \n = = Part = = \n \n c "),
            new Item.Document(1, " = Two = \n \n d \n"));
  }

  @Test
  void rowsOfTheHubGiveTheSameAsTheFile() throws IOException {
    write("wikitext2/wiki.test.raw", " \n = One = \n \n a \n");
    List<Item> text = items(catalog().entry("wikitext2"));
    List<Item> pages = items(catalog().entry("wikitext2_rolling"));
    Files.delete(folder.resolve("wikitext2/wiki.test.raw"));
    write(
        "wikitext/wikitext-2-raw-v1/test.jsonl",
        """
        {"text": ""}
        {"text": " = One = \\n"}
        {"text": ""}
        {"text": " a \\n"}
        """);
    assertThat(items(catalog().entry("wikitext2"))).isEqualTo(text);
    assertThat(items(catalog().entry("wikitext2_rolling"))).isEqualTo(pages);
  }

  @Test
  void onlyTheFirstDocumentsOfCommonCrawlCount() throws IOException {
    Path shard = folder.resolve("allenai/c4/en/c4-validation.00000-of-00008.json.gz");
    Files.createDirectories(shard.getParent());
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(shard))) {
      for (int i = 0; i < 1105; i++) {
        out.write(("{\"text\": \"t" + i + "\", \"url\": \"\"}\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    List<Item> documents = items(catalog().entry("c4_rolling"));
    assertThat(documents).hasSize(1100).endsWith(new Item.Document(1099, "t1099"));
    assertThat(((Item.Text) items(catalog().entry("c4")).getFirst()).text())
        .startsWith("t0 t1 ")
        .endsWith(" t1099");
  }

  @Test
  void sentencesOfPennTreebankAreJoinedBySpaces() throws IOException {
    write("ptb/ptb.test.txt", " no it was n't <unk> \n but N \n");
    SuiteCatalog.Ready ready = ((SuiteCatalog.Described) catalog().entry("ptb")).open();
    assertThat(ready.suite().items())
        .containsExactly(new Item.Text(0, "no it was n't <unk> but N"));
    assertThat(ready.suite().notes())
        .containsExactly("the published text has 3,761 rows, this one 2");
  }

  @Test
  void windowsAreCutAsTheTokenizerTokenizesTheText() throws IOException {
    write("ptb/ptb.test.txt", "abcdefgh\n");
    SuiteCatalog.Entry entry = TextTasks.of(catalog(), "ptb", 4).getFirst();
    PerplexityTask task = (PerplexityTask) entry.task();
    int[] tokens = task.perplexity().tokens("abcdefgh", FakeTokenizer.base().tokenizer());
    assertThat(tokens).hasSize(9).startsWith(FakeTokenizer.BEGIN);
    assertThat(task.perplexity().requests(tokens, OptionalInt.empty()))
        .hasSize(2)
        .allMatch(request -> request.from() == 1 && request.tokenIds().length == 4);
    assertThat(task.definition()).contains("windows of 4 tokens", "as the tokenizer adds it");
  }

  @Test
  void fileOfTextIsAskedInBothWays() throws IOException {
    write("own.txt", "one two\nthree\n");
    String file = folder.resolve("own.txt").toString();
    assertThat(TextTasks.of(catalog(), file, 8))
        .extracting(entry -> ((SuiteCatalog.Ready) entry).suite().items())
        .containsExactly(
            List.of(new Item.Text(0, "one two\nthree\n")),
            List.of(new Item.Document(0, "one two\nthree\n")));
  }

  @Test
  void whatIsMissingIsSaid() {
    assertThat(catalog().entry("c4"))
        .isInstanceOfSatisfying(
            SuiteCatalog.Missing.class,
            missing ->
                assertThat(missing.reason())
                    .contains("c4-validation.00000-of-00008.json.gz", "allenai/c4"));
    assertThatThrownBy(() -> TextTasks.of(catalog(), "no-such-file", 8))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("wikitext2, c4, ptb or a file");
  }
}
