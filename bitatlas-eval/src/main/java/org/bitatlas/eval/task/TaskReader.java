package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import org.bitatlas.eval.prompt.RecordTemplate;
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
          case "perplexity" -> PerplexityTaskReader.windows(node);
          case "rolling_perplexity" -> PerplexityTaskReader.rolling(node);
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
        AnswerReader.answer(node.child("answer")),
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
        AnswerReader.code(node.child("code")),
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

  static String file(DescriptorNode node) {
    String file = node.text("file");
    // A descriptor must not reach outside its folder.
    if (file.isEmpty() || !Path.of(file).equals(Path.of(file).getFileName()) || file.equals("..")) {
      throw node.error("file", "the name of a file in the suite folder");
    }
    return file;
  }
}
