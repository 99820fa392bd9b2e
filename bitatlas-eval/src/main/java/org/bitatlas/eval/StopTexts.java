package org.bitatlas.eval;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bitatlas.generate.ReplyEnd;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * Texts that end a reply where they stand in its answer, never in its thinking. They do not belong
 * to the answer.
 *
 * @param stops the texts, none of them empty
 * @param tokenizer of the model
 * @param answer the ids of a reply that may be scored; empty while there are none
 */
record StopTexts(
    List<String> stops,
    Tokenizer tokenizer,
    Function<List<Integer>, Optional<List<Integer>>> answer)
    implements ReplyEnd {

  @Override
  public boolean isReached(List<Integer> ids) {
    // A token is at least one byte, so the last ones hold every stop that has just been completed.
    int longest = stops.stream().mapToInt(StopTexts::bytes).max().orElse(0);
    List<Integer> tail = ids.subList(Math.max(0, ids.size() - longest - 8), ids.size());
    return isIn(tail) && answer.apply(ids).filter(this::isIn).isPresent();
  }

  private static int bytes(String stop) {
    return stop.getBytes(StandardCharsets.UTF_8).length;
  }

  private boolean isIn(List<Integer> ids) {
    String text = tokenizer.decode(ids, false);
    return stops.stream().anyMatch(text::contains);
  }

  /**
   * How many tokens of a reply there are up to the end of the first stop; all where it has none.
   */
  int length(List<Integer> ids) {
    if (answer.apply(ids).filter(this::isIn).isEmpty()) {
      return ids.size();
    }
    int length = 1;
    while (length < ids.size() && !isReached(ids.subList(0, length))) {
      length++;
    }
    return length;
  }

  /**
   * The text in front of the stops. They are applied in their order, as lm-evaluation-harness does:
   * one that began before another and ended in it is gone with it.
   */
  static String cut(String text, List<String> stops) {
    String left = text;
    for (String stop : stops) {
      int at = left.indexOf(stop);
      left = at < 0 ? left : left.substring(0, at);
    }
    return left;
  }
}
