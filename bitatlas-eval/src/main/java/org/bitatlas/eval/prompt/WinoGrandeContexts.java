package org.bitatlas.eval.prompt;

import java.util.List;
import java.util.Map;
import org.bitatlas.eval.metric.Whitespace;

/**
 * Adds {@code contexts} (the sentence up to the gap, each option in it), {@code continuation} (what
 * follows the gap) and {@code gold} (index of the right option).
 */
final class WinoGrandeContexts implements DocumentProcess {

  @Override
  public Document apply(Document document) {
    if (document.fields().containsKey("contexts")) {
      return document; // an adapter's, whose files hold no sentence with a gap
    }
    String sentence = document.text("sentence");
    int gap = sentence.indexOf('_');
    if (gap < 0) {
      throw document.error("sentence", "a sentence with a gap \"_\"");
    }
    long gold =
        switch (document.text("answer")) {
          case "1" -> 0;
          case "2" -> 1;
          default -> throw document.error("answer", "\"1\" or \"2\"");
        };
    String start = sentence.substring(0, gap);
    return document.with(
        Map.of(
            "contexts",
            List.of(start + document.text("option1"), start + document.text("option2")),
            "continuation",
            Whitespace.strip(sentence.substring(gap + 1)),
            "gold",
            gold));
  }
}
