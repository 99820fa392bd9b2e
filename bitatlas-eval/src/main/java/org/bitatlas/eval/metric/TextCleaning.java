package org.bitatlas.eval.metric;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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
  },
  /** WikiText's tokenization undone as the task {@code wikitext} of lm-evaluation-harness does. */
  WIKITEXT_HARNESS {
    @Override
    public String apply(String text) {
      String joined = text.replace("s '", "s'");
      for (String separator : new String[] {"-", ",", "."}) {
        joined = joined.replace(" @" + separator + "@ ", separator);
      }
      for (String mark : new String[] {":", ";", ".", "!", "?", ","}) {
        joined = joined.replace(" " + mark + " ", mark + " ");
      }
      for (Pattern pair : PAIRS) {
        joined = pair.matcher(joined).replaceAll("$1$2$3");
      }
      return joined
          .replace("= = = =", "====")
          .replace("= = =", "===")
          .replace("= =", "==")
          .replace(" \u00b0 ", "\u00b0")
          .replace(" \n", "\n")
          .replace("\n ", "\n")
          .replace(" N ", " 1 ")
          .replace(" 's", "'s");
    }
  };

  /** Brackets and quotes, without the whitespace inside them. */
  private static final List<Pattern> PAIRS =
      Stream.of(
              "(\\()\\s*([^)]*?)\\s*(\\))",
              "(\\[)\\s*([^\\]]*?)\\s*(\\])",
              "(\\{)\\s*([^}]*?)\\s*(\\})",
              "(\")\\s*([^\"]*?)\\s*(\")",
              "(')\\s*([^']*?)\\s*(')")
          .map(pair -> Pattern.compile(pair, Pattern.UNICODE_CHARACTER_CLASS))
          .toList();

  private static final Pattern SPACE_BEFORE_CLOSING = Pattern.compile(" ([,.;:!?)\\]])");
  private static final Pattern SPACE_AFTER_OPENING = Pattern.compile("([(\\[]) ");
  private static final Pattern BLANK_LINES =
      Pattern.compile("\\n\\s*\\n+", Pattern.UNICODE_CHARACTER_CLASS);

  /** The cleaned text. */
  public abstract String apply(String text);
}
