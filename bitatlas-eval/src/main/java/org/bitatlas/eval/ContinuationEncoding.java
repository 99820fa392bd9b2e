package org.bitatlas.eval;

import java.util.Arrays;
import org.bitatlas.eval.metric.Whitespace;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * Token ids of a context and its continuation, as lm-evaluation-harness makes them: whitespace at
 * the end of the context moves to the continuation, both are tokenized as one text, and the
 * continuation is what follows the ids of the context alone. So a tokenizer never sees the
 * continuation out of its place.
 */
final class ContinuationEncoding {

  private ContinuationEncoding() {}

  /**
   * The request that scores {@code continuation} after {@code context}.
   *
   * @param chat the model's tokenizer; an empty context is its {@link PrefixToken}
   * @param addSpecialTokens whether the tokenizer adds its begin-of-sequence token
   * @throws BitAtlasException when the continuation has no token of its own, or nothing stands
   *     before it
   */
  static ScoringRequest encode(
      ChatTokenizer chat, String context, String continuation, boolean addSpecialTokens) {
    Tokenizer tokenizer = chat.tokenizer();
    String start = Whitespace.stripTrailing(context);
    String rest = context.substring(start.length()) + continuation;
    int[] whole = tokenizer.encode(start + rest, addSpecialTokens);
    int from = start.isEmpty() ? 0 : tokenizer.encode(start, addSpecialTokens).length;
    if (start.isEmpty()) {
      int begin =
          PrefixToken.of(chat)
              .orElseThrow(() ->
                  new BitAtlasException(
                      "The context before \""
                          + continuation
                          + "\" is empty and the tokenizer has neither begin nor end token."));
      whole = whole.length > 0 && whole[0] == begin ? whole : prepend(begin, whole);
      from = 1;
    }
    if (from < 1 || from >= whole.length) {
      throw new BitAtlasException(
          "The continuation \""
              + continuation
              + "\" has no token of its own after \""
              + start
              + "\".");
    }
    return new ScoringRequest(whole, from);
  }

  /** The request that scores {@code continuation} after ids that end in a special token. */
  static ScoringRequest append(int[] context, int[] continuation) {
    int[] whole = Arrays.copyOf(context, context.length + continuation.length);
    System.arraycopy(continuation, 0, whole, context.length, continuation.length);
    return new ScoringRequest(whole, context.length);
  }

  private static int[] prepend(int first, int[] ids) {
    int[] all = new int[ids.length + 1];
    all[0] = first;
    System.arraycopy(ids, 0, all, 1, ids.length);
    return all;
  }
}
