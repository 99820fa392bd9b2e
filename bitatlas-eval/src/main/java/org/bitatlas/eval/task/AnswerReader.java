package org.bitatlas.eval.task;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.bitatlas.eval.metric.AnswerRule;
import org.bitatlas.eval.metric.CodeRule;

/**
 * Makes of its mapping in a descriptor the rule that finds the answer in a reply, a text or a
 * program.
 */
final class AnswerReader {

  private AnswerReader() {}

  static AnswerRule answer(DescriptorNode node) {
    AnswerRule rule =
        switch (node.text("rule")) {
          case "whole" -> new AnswerRule.WholeText();
          case "first_word" -> new AnswerRule.FirstWord();
          case "first_match" -> firstMatch(node);
          case "match" -> match(node);
          case "mathematics" -> new AnswerRule.Mathematics();
          default ->
              throw node.error("rule", "whole, first_word, first_match, match or mathematics");
        };
    node.finish();
    return rule;
  }

  private static AnswerRule firstMatch(DescriptorNode node) {
    String regex = node.text("pattern");
    requireExpression(node, "pattern", regex);
    return new AnswerRule.FirstMatch(regex);
  }

  private static AnswerRule match(DescriptorNode node) {
    List<String> patterns = node.texts("patterns");
    List<String> ignored = node.has("ignore") ? node.texts("ignore") : List.of();
    patterns.forEach(regex -> requireExpression(node, "patterns", regex));
    ignored.forEach(regex -> requireExpression(node, "ignore", regex));
    if (patterns.isEmpty()) {
      throw node.error("patterns", "at least one regular expression");
    }
    boolean last =
        switch (node.text("take")) {
          case "first" -> false;
          case "last" -> true;
          default -> throw node.error("take", "first or last");
        };
    boolean ignoreCase = node.has("ignore_case") && node.bool("ignore_case");
    return new AnswerRule.Match(patterns, last, ignored, ignoreCase);
  }

  private static void requireExpression(DescriptorNode node, String key, String regex) {
    try {
      Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      throw node.error(key, "a regular expression (" + e.getDescription() + ")");
    }
  }

  static CodeRule code(DescriptorNode node) {
    CodeRule rule =
        switch (node.text("rule")) {
          case "whole" -> new CodeRule.Whole(node.has("stops") ? node.texts("stops") : List.of());
          case "first_block" -> new CodeRule.Block(false);
          case "last_block" -> new CodeRule.Block(true);
          default -> throw node.error("rule", "whole, first_block or last_block");
        };
    node.finish();
    return rule;
  }
}
