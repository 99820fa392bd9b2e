package org.bitatlas.quant.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * Random windows of one long text, which is tokenized once. Windows may overlap, but a text that
 * has fewer tokens than all of them together is refused.
 */
final class RandomWindows {

  private RandomWindows() {}

  /** Positions of Java's generator, every one as likely. */
  static CalibrationSet ofText(
      String text, Tokenizer tokenizer, Selection selection, SourceFile source) {
    SplittableRandom random = new SplittableRandom(selection.seed());
    return draw(
        tokenizer.encode(text, true),
        selection.tokens(),
        last -> random.nextInt(last + 1),
        selection,
        SetDescription.of(source, selection).fact("order", "random windows").begin(tokenizer),
        source.name());
  }

  /** Positions {@code random.randint(0, T - L - 1)} of Python; the very last is never drawn. */
  static CalibrationSet ofWikiText(
      String file, Joining joining, Tokenizer tokenizer, Selection selection, SourceFile source) {
    List<String> rows =
        PythonText.lines(file).stream()
            .map(line -> PythonText.strip(line).isEmpty() ? "" : line)
            .toList();
    PythonRandom random = new PythonRandom(selection.seed());
    return draw(
        tokenizer.encode(joining.join(rows), true),
        Math.max(selection.tokens(), selection.length() + 1L),
        last -> random.randint(0, last - 1),
        selection,
        SetDescription.of(source, selection)
            .fact("order", "WikiText: random windows, Python's generator")
            .fact("join", joining.id())
            .begin(tokenizer),
        source.name());
  }

  private static CalibrationSet draw(
      int[] ids,
      long needed,
      IntUnaryOperator position,
      Selection selection,
      SetDescription description,
      String source) {
    if (ids.length < needed) {
      throw selection.tooShort(source, ids.length, needed);
    }
    List<int[]> sequences = new ArrayList<>();
    for (int n = 0; n < selection.sequences(); n++) {
      int from = position.applyAsInt(ids.length - selection.length());
      sequences.add(Arrays.copyOfRange(ids, from, from + selection.length()));
    }
    return description.of(sequences);
  }
}
