package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.bitatlas.eval.metric.AnswerRule;
import org.bitatlas.eval.metric.CodeRule;
import org.bitatlas.eval.metric.PerplexityDefinition;
import org.bitatlas.eval.metric.TextCleaning;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.eval.prompt.TextSet;
import org.bitatlas.tokenizer.ThinkingMode;

/** Makes a task of its mapping in a descriptor. */
final class TaskReader {

  private TaskReader() {}

  static Task task(DescriptorNode node) {
    String kind = node.text("kind");
    Task task =
        switch (kind) {
          case "generative" -> generative(node);
          case "multiple_choice" -> multipleChoice(node);
          case "perplexity" -> perplexity(node);
          case "rolling_perplexity" -> rolling(node);
          case "code" -> code(node);
          case "likelihood" -> HarnessTaskReader.likelihood(node);
          case "reply" -> ReplyTaskReader.reply(node);
          default ->
              throw node.error(
                  "kind",
                  "generative, multiple_choice, perplexity, rolling_perplexity, code, likelihood or"
                      + " reply");
        };
    node.finish();
    return task;
  }

  private static GenerativeTask generative(DescriptorNode node) {
    List<ThinkingMode> modes = modes(node);
    return new GenerativeTask(
        node.text("name"),
        node.text("about"),
        file(node),
        template(node, "user"),
        template(node, "expected"),
        answer(node.child("answer")),
        node.share("chance"),
        modes,
        budgets(node, modes),
        node.optionalChild("subgroups").map(TaskReader::subgroups));
  }

  private static Budgets budgets(DescriptorNode node, List<ThinkingMode> modes) {
    DescriptorNode budgetNode = node.child("budgets");
    SequencedMap<ThinkingMode, Integer> budgets = new LinkedHashMap<>();
    for (String key : budgetNode.keys()) {
      int budget = budgetNode.integer(key);
      if (budget < 1) {
        throw budgetNode.error(key, "a number of tokens, at least 1");
      }
      budgets.put(mode(budgetNode, key, key), budget);
    }
    if (budgets.isEmpty()) {
      throw node.error("budgets", "a budget for at least one mode");
    }
    for (ThinkingMode mode : modes) {
      if (!budgets.containsKey(mode)) {
        throw node.error("budgets", "a budget for " + mode.name().toLowerCase(Locale.ROOT));
      }
    }
    return new Budgets(budgets);
  }

  private static CodeTask code(DescriptorNode node) {
    List<ThinkingMode> modes = modes(node);
    return new CodeTask(
        node.text("name"),
        node.text("about"),
        file(node),
        template(node, "user"),
        template(node, "prefix"),
        codeRule(node.child("code")),
        checks(node),
        modes,
        budgets(node, modes));
  }

  /** {@code checks} over the fields of a record, or {@code evalplus: true}. */
  private static ProgramChecks checks(DescriptorNode node) {
    if (!node.has("evalplus")) {
      return new ProgramChecks.Written(template(node, "checks"));
    }
    if (!node.bool("evalplus") || node.has("checks")) {
      throw node.error("evalplus", "true, or else the key checks");
    }
    return new ProgramChecks.EvalPlus();
  }

  static CodeRule codeRule(DescriptorNode node) {
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

  private static MultipleChoiceTask multipleChoice(DescriptorNode node) {
    return new MultipleChoiceTask(
        node.text("name"),
        node.text("about"),
        file(node),
        template(node, "user"),
        node.text("choices"),
        node.text("gold"),
        node.text("continuation"),
        node.bool("end_of_reply"),
        node.share("chance"),
        modes(node));
  }

  private static PerplexityTask perplexity(DescriptorNode node) {
    PerplexityDefinition.Begin begin =
        switch (node.text("begin_of_sequence")) {
          case "each_window" -> PerplexityDefinition.Begin.EACH_WINDOW;
          case "tokenizer" -> PerplexityDefinition.Begin.TOKENIZER;
          case "text_start" -> PerplexityDefinition.Begin.TEXT_START;
          case "none" -> PerplexityDefinition.Begin.NONE;
          default ->
              throw node.error("begin_of_sequence", "each_window, text_start, tokenizer or none");
        };
    return new PerplexityTask(
        node.text("name"),
        node.text("about"),
        fileOrText(node),
        new PerplexityDefinition(
            cleaning(node),
            node.text("prefix"),
            node.integer("window"),
            node.optionalInteger("windows"),
            begin));
  }

  private static RollingPerplexityTask rolling(DescriptorNode node) {
    int window = node.integer("window");
    if (window < 2) {
      throw node.error("window", "a number of tokens, at least 2");
    }
    return new RollingPerplexityTask(
        node.text("name"),
        node.text("about"),
        fileOrText(node),
        template(node, "document"),
        cleaning(node),
        window);
  }

  private static TextCleaning cleaning(DescriptorNode node) {
    return switch (node.text("cleaning")) {
      case "none" -> TextCleaning.NONE;
      case "wikitext" -> TextCleaning.WIKITEXT;
      case "wikitext_harness" -> TextCleaning.WIKITEXT_HARNESS;
      default -> throw node.error("cleaning", "none, wikitext or wikitext_harness");
    };
  }

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

  private static Subgroups subgroups(DescriptorNode node) {
    List<Subgroups.Range> ranges =
        node.pairs("ranges").stream().map(pair -> new Subgroups.Range(pair[0], pair[1])).toList();
    Subgroups subgroups = new Subgroups(node.text("field"), ranges);
    node.finish();
    return subgroups;
  }

  private static List<ThinkingMode> modes(DescriptorNode node) {
    List<ThinkingMode> modes = new ArrayList<>();
    for (String text : node.texts("modes")) {
      modes.add(mode(node, "modes", text));
    }
    return List.copyOf(modes);
  }

  private static ThinkingMode mode(DescriptorNode node, String key, String text) {
    for (ThinkingMode mode : ThinkingMode.values()) {
      if (mode.name().toLowerCase(Locale.ROOT).equals(text)) {
        return mode;
      }
    }
    throw node.error(key, "slow_think, auto_think or no_think");
  }

  static RecordTemplate template(DescriptorNode node, String key) {
    return RecordTemplate.parse(node.text(key));
  }

  /** {@code file}, or {@code text} with the name of a published text. */
  private static String fileOrText(DescriptorNode node) {
    if (!node.has("text")) {
      return file(node);
    }
    String text = node.text("text");
    if (node.has("file") || TextSet.named(text).isEmpty()) {
      throw node.error("text", "wikitext2, c4 or ptb, or else the key file");
    }
    return text;
  }

  private static String file(DescriptorNode node) {
    String file = node.text("file");
    // A descriptor must not reach outside its folder.
    if (file.isEmpty() || !Path.of(file).equals(Path.of(file).getFileName()) || file.equals("..")) {
      throw node.error("file", "the name of a file in the suite folder");
    }
    return file;
  }
}
