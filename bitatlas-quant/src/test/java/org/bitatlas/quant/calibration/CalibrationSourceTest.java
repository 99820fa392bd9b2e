package org.bitatlas.quant.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.Test;

class CalibrationSourceTest {

  private static CalibrationSource parse(String written) {
    return CalibrationSource.parse(written, Optional.empty(), Optional.empty(), Path::of);
  }

  @Test
  void aPrefixNamesTheKind() {
    assertThat(parse("wikitext2:wiki.train.raw"))
        .isEqualTo(new CalibrationSource.WikiText(Path.of("wiki.train.raw"), Joining.BLANK_LINE));
    assertThat(parse("c4:a.json")).isEqualTo(new CalibrationSource.C4(Path.of("a.json")));
    assertThat(parse("pile:val.jsonl")).isEqualTo(new CalibrationSource.Pile(Path.of("val.jsonl")));
    assertThat(parse("samples:a.json")).isEqualTo(new CalibrationSource.Samples(Path.of("a.json")));
    assertThat(parse("text:a.jsonl")).isEqualTo(new CalibrationSource.Text(Path.of("a.jsonl")));
    assertThat(
            CalibrationSource.parse(
                "chat:nano",
                Optional.of(ThinkingMode.NO_THINK),
                Optional.empty(),
                name -> Path.of("cache", name)))
        .isEqualTo(
            new CalibrationSource.Chat(
                Path.of("cache", "nano"), Optional.of(ThinkingMode.NO_THINK)));
  }

  @Test
  void aFileAloneIsTakenByItsEnding() {
    assertThat(parse("a/b.jsonl")).isInstanceOf(CalibrationSource.Samples.class);
    assertThat(parse("a/b.txt")).isInstanceOf(CalibrationSource.Text.class);
    assertThat(parse("C:b.jsonl")).isInstanceOf(CalibrationSource.Samples.class);
  }

  @Test
  void optionsOfAnotherKindAreRefused() {
    assertThatThrownBy(() -> parse("wikitex2:a.txt"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("'wikitex2:a.txt' has an unknown kind")
        .hasMessageContaining("wikitext2:FILE, c4:FILE, pile:FILE, chat:FILE");
    assertThatThrownBy(() ->
            CalibrationSource.parse(
                "a.jsonl", Optional.of(ThinkingMode.NO_THINK), Optional.empty(), Path::of))
        .hasMessageContaining("which is no chat");
    assertThatThrownBy(() ->
            CalibrationSource.parse(
                "c4:a.json", Optional.empty(), Optional.of(Joining.SPACE), Path::of))
        .hasMessageContaining("which is not WikiText");
    assertThatThrownBy(() -> Joining.named("tab"))
        .hasMessageContaining("'tab' is no way")
        .hasMessageContaining("blank-line, space, stripped, paragraphs");
  }
}
