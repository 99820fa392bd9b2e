package org.bitatlas.quant.calibration;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.Tokenizer;

/** Whole samples, shuffled, concatenated and cut. */
final class ShuffledSamples {

  private ShuffledSamples() {}

  /** Own samples, each with the tokenizer's special tokens. */
  static CalibrationSet own(
      List<String> samples, Tokenizer tokenizer, Selection selection, SourceFile source) {
    SequenceCutter cutter = new SequenceCutter(selection, source.name());
    for (int sample : order(samples.size(), selection.seed())) {
      if (cutter.add(tokenizer.encode(samples.get(sample), true))) {
        break;
      }
    }
    return SetDescription.of(source, selection)
        .fact("order", "samples shuffled, concatenated, cut")
        .begin(tokenizer)
        .of(cutter.sequences());
  }

  /** The records that are no conversations, as {@link #own}. */
  static CalibrationSet plain(JsonLines records, Tokenizer tokenizer, Selection selection) {
    List<String> texts =
        IntStream.range(0, records.size())
            .filter(index -> !records.isConversation(index))
            .mapToObj(records::text)
            .toList();
    if (texts.isEmpty()) {
      throw new BitAtlasException(
          "The calibration source %s has conversations only; write chat:FILE."
              .formatted(records.source().name()));
    }
    return own(texts, tokenizer, selection, records.source());
  }

  /**
   * As llm-awq's loader: samples in the order of {@code datasets}' shuffle, stripped; those with
   * more tokens than a sequence, and empty ones, are passed over. The loader takes 128 samples and
   * whatever blocks they give; here the number of blocks is what is asked for, so the loader's
   * blocks are the first ones of this set.
   */
  static CalibrationSet pile(JsonLines samples, Tokenizer tokenizer, Selection selection) {
    SourceFile source = samples.source();
    if (selection.seed() < 0) {
      throw new BitAtlasException(
          "The seed of a Pile calibration set is "
              + selection.seed()
              + "; numpy's shuffle needs 0 or more, llm-awq uses 42.");
    }
    SequenceCutter cutter = new SequenceCutter(selection, source.name());
    int used = 0;
    for (int sample : NumpyPermutation.of(samples.size(), selection.seed())) {
      int[] ids = tokenizer.encode(PythonText.strip(samples.text(sample)), true);
      if (ids.length == 0 || ids.length > selection.length()) {
        continue;
      }
      used++;
      if (cutter.add(ids)) {
        break;
      }
    }
    return SetDescription.of(source, selection)
        .fact("order", "Pile: numpy's shuffle, longer samples left out, concatenated, cut")
        .fact("samples", Integer.toString(used))
        .begin(tokenizer)
        .of(cutter.sequences());
  }

  /** A random order of {@code count} samples. */
  static int[] order(int count, long seed) {
    int[] order = IntStream.range(0, count).toArray();
    SplittableRandom random = new SplittableRandom(seed);
    for (int last = count - 1; last > 0; last--) {
      int other = random.nextInt(last + 1);
      int moved = order[last];
      order[last] = order[other];
      order[other] = moved;
    }
    return order;
  }
}
