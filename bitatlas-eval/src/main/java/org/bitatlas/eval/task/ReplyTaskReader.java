package org.bitatlas.eval.task;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.eval.metric.AnswerRule;

/** Reads what a harness task that is answered by writing has in a descriptor. */
final class ReplyTaskReader {

  /** What the reasoning protocols give a thinking reply. */
  private static final int THINKING_BUDGET = 32_768;

  private ReplyTaskReader() {}

  static ReplyTask reply(DescriptorNode node) {
    return new ReplyTask(
        node.text("name"),
        node.text("about"),
        HarnessTaskReader.prompting(node),
        stops(node),
        tokens(node, "max_gen_toks", 256),
        tokens(node, "thinking_max_gen_toks", THINKING_BUDGET),
        score(node.child("score")),
        node.has("chance") ? node.share("chance") : 0);
  }

  private static List<String> stops(DescriptorNode node) {
    List<String> stops = node.texts("until");
    if (stops.stream().anyMatch(String::isEmpty)) {
      throw node.error("until", "texts, none of them empty");
    }
    return List.copyOf(stops);
  }

  private static int tokens(DescriptorNode node, String key, int otherwise) {
    int tokens = node.optionalInteger(key).orElse(otherwise);
    if (tokens < 1) {
      throw node.error(key, "a number of tokens, at least 1");
    }
    return tokens;
  }

  private static ReplyScore score(DescriptorNode node) {
    ReplyScore score =
        switch (node.text("kind")) {
          case "answers" -> new ReplyScore.Answers(rules(node.child("rules")));
          case "drop" -> new ReplyScore.Drop();
          case "instructions" -> new ReplyScore.InstructionChecks();
          case "program" ->
              new ReplyScore.Programs(
                  TaskReader.template(node, "prefix"),
                  AnswerReader.code(node.child("code")),
                  TaskReader.template(node, "checks"));
          default -> throw node.error("kind", "answers, drop, instructions or program");
        };
    node.finish();
    return score;
  }

  private static SequencedMap<String, AnswerRule> rules(DescriptorNode node) {
    SequencedMap<String, AnswerRule> rules = new LinkedHashMap<>();
    for (String name : node.keys()) {
      rules.put(name, AnswerReader.answer(node.child(name)));
    }
    if (rules.isEmpty()) {
      throw node.error("rules", "at least one rule by its name");
    }
    return rules;
  }
}
