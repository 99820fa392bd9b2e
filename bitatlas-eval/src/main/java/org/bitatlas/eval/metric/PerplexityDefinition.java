package org.bitatlas.eval.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * What a perplexity means: exp of the mean negative log-likelihood per scored token, over
 * non-overlapping windows of a text that is tokenized once, the tail dropped (the way of the GPTQ
 * paper's code). It is a number per token, so it compares models of one tokenizer only.
 *
 * @param cleaning what is done to the text first
 * @param prefix put before the cleaned text
 * @param window tokens of the text per window, at least 2
 * @param windows most windows; empty for all
 * @param begin where a begin-of-sequence token stands
 */
public record PerplexityDefinition(
    TextCleaning cleaning, String prefix, int window, OptionalInt windows, Begin begin) {

  /** Where a begin-of-sequence token stands. The first token of a row is never scored. */
  public enum Begin {
    /** Before every window, so that all its tokens are scored. */
    EACH_WINDOW,
    /** Once, as the first token of the text; the first token of each window is unscored. */
    TEXT_START,
    /** As the tokenizer adds it to the text; the first token of each window is unscored. */
    TOKENIZER,
    /** Nowhere; the first token of each window is unscored. */
    NONE
  }

  /** Checks the ranges. */
  public PerplexityDefinition {
    if (window < 2 || (windows.isPresent() && windows.getAsInt() < 1)) {
      throw new BitAtlasException(
          "A perplexity needs at least one window of at least 2 tokens, but has windows "
              + windows
              + " of "
              + window
              + ".");
    }
  }

  /**
   * Token ids of the text, cleaned and prefixed; with the special tokens that the tokenizer adds
   * only where {@code begin} is TOKENIZER.
   */
  public int[] tokens(String text, Tokenizer tokenizer) {
    return tokenizer.encode(prefix + cleaning.apply(text), begin == Begin.TOKENIZER);
  }

  /**
   * The windows to score.
   *
   * @param tokens ids of the text from {@link #tokens}
   * @param beginId the begin-of-sequence id, needed where {@code begin} puts one
   * @throws BitAtlasException when the text is shorter than one window or the model has no
   *     begin-of-sequence token
   */
  public List<ScoringRequest> requests(int[] tokens, OptionalInt beginId) {
    int[] text =
        begin == Begin.TEXT_START ? prepend(beginOf(beginId), tokens, 0, tokens.length) : tokens;
    int count = Math.min(text.length / window, windows.orElse(Integer.MAX_VALUE));
    if (count == 0) {
      throw new BitAtlasException(
          "The text has "
              + text.length
              + " tokens, fewer than one window of "
              + window
              + "; give a longer text or a shorter window.");
    }
    List<ScoringRequest> requests = new ArrayList<>(count);
    for (int index = 0; index < count; index++) {
      int from = index * window;
      int[] row =
          begin == Begin.EACH_WINDOW
              ? prepend(beginOf(beginId), text, from, from + window)
              : Arrays.copyOfRange(text, from, from + window);
      requests.add(new ScoringRequest(row, 1));
    }
    return requests;
  }

  private static int beginOf(OptionalInt beginId) {
    return beginId.orElseThrow(() ->
        new BitAtlasException(
            "This perplexity puts a begin-of-sequence token before the text, but the tokenizer"
                + " has none; use begin_of_sequence: none."));
  }

  private static int[] prepend(int first, int[] ids, int from, int to) {
    int[] row = new int[to - from + 1];
    row[0] = first;
    System.arraycopy(ids, from, row, 1, to - from);
    return row;
  }

  /** The same with windows of another length. */
  public PerplexityDefinition withWindow(int tokens) {
    return new PerplexityDefinition(cleaning, prefix, tokens, windows, begin);
  }

  /** Everything that decides the number, as one line to print beside it. */
  public String describe() {
    String place =
        switch (begin) {
          case EACH_WINDOW -> "begin token before each window, all window tokens scored";
          case TEXT_START -> "begin token once at the start, first token of a window unscored";
          case TOKENIZER ->
              "begin token as the tokenizer adds it, first token of a window unscored";
          case NONE -> "no begin token, first token of a window unscored";
        };
    return "exp(mean NLL per token of this tokenizer), "
        + (windows.isPresent() ? "first " + windows.getAsInt() : "all")
        + " non-overlapping windows of "
        + window
        + " tokens, "
        + place
        + ", cleaning "
        + cleaning.name().toLowerCase(Locale.ROOT)
        + ", prefix \""
        + prefix
        + "\"";
  }

  /** Perplexity from a sum of negative log-likelihoods in nats. */
  public static double perplexity(double negativeLogLikelihood, long tokens) {
    return Math.exp(negativeLogLikelihood / tokens);
  }

  /** Bits per byte of text: comparable between tokenizers. */
  public static double bitsPerByte(double negativeLogLikelihood, long bytes) {
    return negativeLogLikelihood / bytes / Math.log(2);
  }
}
