package org.bitatlas.eval.metric;

import java.util.regex.Pattern;

/** What is done to a text before its perplexity is taken. */
public enum TextCleaning {
  /** Nothing. */
  NONE {
    @Override
    public String apply(String text) {
      return text;
    }
  },
  /**
   * WikiText's tokenization undone: {@code @-@}, {@code @,@} and {@code @.@} joined, {@code <unk>}
   * removed, spaces before closing and after opening punctuation and before {@code 's} removed,
   * runs of blank lines joined to one line end, surrounding whitespace removed.
   */
  WIKITEXT {
    @Override
    public String apply(String text) {
      String joined =
          text.replace(" @-@ ", "-")
              .replace(" @,@ ", ",")
              .replace(" @.@ ", ".")
              .replace(" <unk>", "")
              .replace("<unk>", "");
      String closed = SPACE_BEFORE_CLOSING.matcher(joined).replaceAll("$1");
      String opened = SPACE_AFTER_OPENING.matcher(closed).replaceAll("$1").replace(" 's", "'s");
      return Whitespace.strip(BLANK_LINES.matcher(opened).replaceAll("\n"));
    }
  };

  private static final Pattern SPACE_BEFORE_CLOSING = Pattern.compile(" ([,.;:!?)\\]])");
  private static final Pattern SPACE_AFTER_OPENING = Pattern.compile("([(\\[]) ");
  private static final Pattern BLANK_LINES =
      Pattern.compile("\\n\\s*\\n+", Pattern.UNICODE_CHARACTER_CLASS);

  /** The cleaned text. */
  public abstract String apply(String text);
}
