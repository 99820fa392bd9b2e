package org.bitatlas.quant.calibration;

import java.nio.file.Path;
import java.util.List;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * Makes calibration sets. Every set is a function of its source, number, length and seed alone; a
 * source that is too short is an error, never wrapped around.
 */
public final class CalibrationSets {

  /** Raised when the same source, number, length and seed give other sequences. */
  public static final int BEHAVIOUR_VERSION = 1;

  private CalibrationSets() {}

  /**
   * How many sequences, how long, in which order.
   *
   * @param sequences number of sequences, at least 1
   * @param length tokens of each, at least 2
   * @param seed seed of the order or of the window positions
   */
  public record Selection(int sequences, int length, long seed) {
    /**
     * Checks the ranges.
     *
     * @throws BitAtlasException when a number is too small
     */
    public Selection {
      if (sequences < 1 || length < 2) {
        throw new BitAtlasException(
            "A calibration set of %d sequences of %d tokens is asked for; give at least 1 of 2."
                .formatted(sequences, length));
      }
    }

    /** Tokens of all sequences together. */
    public long tokens() {
      return (long) sequences * length;
    }

    BitAtlasException tooShort(String source, long found, long needed) {
      return new BitAtlasException(
          "The calibration source %s has %d tokens, but %d are asked for; ask for fewer or shorter sequences."
              .formatted(source, found, needed));
    }
  }

  /**
   * The sequences of a source.
   *
   * @param chat tokenizer and, for conversations, chat template of the model
   * @throws BitAtlasException when the file cannot be read, a record is malformed, the source gives
   *     fewer sequences than asked for, or the model does not support the thinking mode
   */
  public static CalibrationSet of(
      CalibrationSource source, ChatTokenizer chat, Selection selection) {
    Tokenizer tokenizer = chat.tokenizer();
    return switch (source) {
      case CalibrationSource.Samples(Path file) -> fromJsonLines(file, tokenizer, selection);
      case CalibrationSource.Text(Path file) -> {
        byte[] bytes = SourceFile.read(file);
        yield RandomWindows.ofText(
            SourceFile.text(file, bytes),
            tokenizer,
            selection,
            SourceFile.of(file, TokenDigest.of(bytes)));
      }
      case CalibrationSource.WikiText(Path file, Joining joining) -> {
        byte[] bytes = SourceFile.read(file);
        yield RandomWindows.ofWikiText(
            SourceFile.text(file, bytes),
            joining,
            tokenizer,
            selection,
            SourceFile.of(file, TokenDigest.of(bytes)));
      }
      case CalibrationSource.C4(Path file) -> {
        try (JsonLines lines = JsonLines.open(file)) {
          yield RandomDocuments.draw(lines, tokenizer, selection);
        }
      }
      case CalibrationSource.Pile(Path file) -> {
        try (JsonLines lines = JsonLines.open(file)) {
          yield ShuffledSamples.pile(lines, tokenizer, selection);
        }
      }
      case CalibrationSource.Plain(Path file) -> {
        try (JsonLines lines = JsonLines.open(file)) {
          yield ShuffledSamples.plain(lines, tokenizer, selection);
        }
      }
      case CalibrationSource.Chat chatSource -> {
        try (JsonLines lines = JsonLines.open(chatSource.file())) {
          yield Conversations.draw(lines, chat, chatSource.mode(), selection);
        }
      }
    };
  }

  /**
   * Sequences given as token ids, in the order given.
   *
   * @param source where they come from, for the description
   * @throws BitAtlasException when there are none or their lengths differ
   */
  public static CalibrationSet ofIds(List<int[]> sequences, String source) {
    if (sequences.isEmpty() || sequences.getFirst().length == 0) {
      throw new BitAtlasException("The calibration source " + source + " holds no token ids.");
    }
    int length = sequences.getFirst().length;
    for (int[] sequence : sequences) {
      if (sequence.length != length) {
        throw new BitAtlasException(
            "The calibration source %s holds sequences of %d and of %d tokens; cut all to one length."
                .formatted(source, length, sequence.length));
      }
    }
    return SetDescription.given(source, sequences.size(), length)
        .fact("order", "as given")
        .of(sequences);
  }

  /**
   * The first sequences of a set.
   *
   * @param tokens most tokens together; one sequence is taken even if it has more
   */
  public static CalibrationSet first(CalibrationSet set, int tokens) {
    int sequences = Math.clamp(tokens / set.length(), 1, set.sequences().size());
    return ofIds(
        set.sequences().subList(0, sequences), "the first sequences of the calibration set");
  }

  /**
   * Whole samples, each with the tokenizer's special tokens (begin of sequence), shuffled by the
   * seed, concatenated without separator and cut into sequences; the first ones are taken. A sample
   * may span two sequences.
   *
   * @throws BitAtlasException when the samples give fewer sequences than asked for
   */
  public static CalibrationSet fromSamples(
      List<String> samples, Tokenizer tokenizer, Selection selection, String source) {
    return ShuffledSamples.own(samples, tokenizer, selection, SourceFile.named(source));
  }

  /**
   * The {@code text} fields of a JSON-lines file, as {@link #fromSamples}.
   *
   * @throws BitAtlasException when the file cannot be read, a line is not an object with a text, or
   *     the samples are too short
   */
  public static CalibrationSet fromJsonLines(Path file, Tokenizer tokenizer, Selection selection) {
    try (JsonLines lines = JsonLines.open(file)) {
      return ShuffledSamples.own(lines.texts(), tokenizer, selection, lines.source());
    }
  }

  /**
   * Random windows of one long text: the text is tokenized once and each sequence starts at a
   * position drawn uniformly; windows may overlap.
   *
   * @throws BitAtlasException when the text is shorter than the windows together
   */
  public static CalibrationSet fromText(
      String text, Tokenizer tokenizer, Selection selection, String source) {
    return RandomWindows.ofText(text, tokenizer, selection, SourceFile.named(source));
  }
}
