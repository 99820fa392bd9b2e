package org.bitatlas.eval.metric;

import java.util.List;
import java.util.Optional;

/** How the code is found in the text after the thinking span. */
public sealed interface CodeRule {

  /** The code in {@code text}, or empty when there is none. */
  Optional<String> extract(String text);

  /** The rule as text for reports. */
  String describe();

  /**
   * The text as it stands, up to the first of some stops.
   *
   * @param stops texts that end the code and do not belong to it
   */
  record Whole(List<String> stops) implements CodeRule {

    @Override
    public Optional<String> extract(String text) {
      int end = text.length();
      for (String stop : stops) {
        int at = text.indexOf(stop);
        end = at < 0 ? end : Math.min(end, at);
      }
      return Optional.of(text.substring(0, end));
    }

    @Override
    public String describe() {
      return stops.isEmpty() ? "whole text" : "text up to the first of " + stops;
    }
  }

  /**
   * A fenced block of Markdown, without its fences.
   *
   * @param last the last block that is closed, in place of the first
   */
  record Block(boolean last) implements CodeRule {

    private static final String FENCE = "```";

    @Override
    public Optional<String> extract(String text) {
      Optional<String> found = Optional.empty();
      int open = text.indexOf(FENCE);
      while (open >= 0) {
        int start = text.indexOf('\n', open);
        int close = start < 0 ? -1 : text.indexOf(FENCE, start);
        if (close < 0) {
          break;
        }
        found = Optional.of(text.substring(start + 1, close));
        if (!last) {
          break;
        }
        open = text.indexOf(FENCE, close + FENCE.length());
      }
      return found;
    }

    @Override
    public String describe() {
      return (last ? "last" : "first") + " closed code block";
    }
  }
}
