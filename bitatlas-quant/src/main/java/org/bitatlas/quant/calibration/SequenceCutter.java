package org.bitatlas.quant.calibration;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;

/**
 * Concatenates token ids without separator and cuts them into sequences; what is left over when the
 * last sequence is full is dropped. A sample may span two sequences.
 */
final class SequenceCutter {

  private final Selection selection;
  private final String source;
  private final List<int[]> sequences = new ArrayList<>();
  private int[] open;
  private int filled;
  private long tokens;

  /**
   * An empty cutter.
   *
   * @param source where the ids come from, for the message when they are too few
   */
  SequenceCutter(Selection selection, String source) {
    this.selection = selection;
    this.source = source;
    this.open = new int[selection.length()];
  }

  /** Appends ids; returns whether all sequences are full. */
  boolean add(int[] ids) {
    tokens += ids.length;
    for (int id : ids) {
      if (sequences.size() == selection.sequences()) {
        break;
      }
      open[filled++] = id;
      if (filled == open.length) {
        sequences.add(open);
        open = new int[selection.length()];
        filled = 0;
      }
    }
    return sequences.size() == selection.sequences();
  }

  /**
   * The sequences.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when they are fewer than asked for
   */
  List<int[]> sequences() {
    if (sequences.size() < selection.sequences()) {
      throw selection.tooShort(source, tokens, selection.tokens());
    }
    return List.copyOf(sequences);
  }
}
