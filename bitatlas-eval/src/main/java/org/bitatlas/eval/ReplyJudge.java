package org.bitatlas.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.instruction.Instruction;
import org.bitatlas.eval.instruction.Instructions;
import org.bitatlas.eval.metric.AnswerRule;
import org.bitatlas.eval.metric.DropScore;
import org.bitatlas.eval.metric.Whitespace;
import org.bitatlas.eval.prompt.DropAnswers;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.RecordInstructions;
import org.bitatlas.eval.task.ReplyScore;

/** The scores of one reply, and the numbers of a cell that are made of them. */
sealed interface ReplyJudge {

  /**
   * What a reply says.
   *
   * @param answer what was found
   * @param right whether it counts
   * @param measures further scores by name
   */
  record Found(Optional<String> answer, boolean right, SequencedMap<String, Double> measures) {}

  /** Judges a reply. */
  Found judge(Item.Reply item, String reply);

  /** The numbers of a cell besides those of every generative one. */
  SequencedMap<String, Double> metrics(List<SampleRecord> samples);

  /** The judge of a score. */
  static ReplyJudge of(ReplyScore score) {
    return switch (score) {
      case ReplyScore.Answers answers -> new ByRules(answers.rules());
      case ReplyScore.Drop _ -> new Drop();
      case ReplyScore.InstructionChecks _ -> new ByInstructions();
      case ReplyScore.Programs _ -> throw new IllegalArgumentException("programs are run");
    };
  }

  private static Optional<String> text(String reply) {
    String text = Whitespace.strip(reply);
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  private static double mean(List<SampleRecord> samples, String measure) {
    return sum(samples, measure) / samples.size();
  }

  private static double sum(List<SampleRecord> samples, String measure) {
    double sum = 0;
    for (SampleRecord sample : samples) {
      sum += sample.measure(measure);
    }
    return sum;
  }

  /**
   * Every rule finds its answer; the first one counts.
   *
   * @param rules the rules by name
   */
  record ByRules(SequencedMap<String, AnswerRule> rules) implements ReplyJudge {

    @Override
    public Found judge(Item.Reply item, String reply) {
      Optional<AnswerRule.Judgement> first = Optional.empty();
      SequencedMap<String, Double> measures = new LinkedHashMap<>();
      for (var rule : rules.entrySet()) {
        AnswerRule.Judgement found =
            rule.getValue()
                .expected(item.target())
                .map(expected -> rule.getValue().judge(reply, expected))
                .orElse(AnswerRule.Judgement.NONE);
        measures.put("exact_match_" + rule.getKey(), found.right() ? 1.0 : 0.0);
        first = first.or(() -> Optional.of(found));
      }
      AnswerRule.Judgement counted = first.orElse(AnswerRule.Judgement.NONE);
      return new Found(counted.answer(), counted.right(), measures);
    }

    @Override
    public SequencedMap<String, Double> metrics(List<SampleRecord> samples) {
      SequencedMap<String, Double> metrics = new LinkedHashMap<>();
      for (String name : rules.keySet()) {
        metrics.put("exact_match_" + name, mean(samples, "exact_match_" + name));
      }
      return metrics;
    }
  }

  /** DROP's two scores; an item is right with an exact match. */
  record Drop() implements ReplyJudge {

    @Override
    public Found judge(Item.Reply item, String reply) {
      DropScore score = DropScore.of(reply, DropAnswers.of(item.document()));
      SequencedMap<String, Double> measures = new LinkedHashMap<>();
      measures.put("em", score.exactMatch());
      measures.put("f1", score.f1());
      return new Found(text(reply), score.exactMatch() == 1, measures);
    }

    @Override
    public SequencedMap<String, Double> metrics(List<SampleRecord> samples) {
      SequencedMap<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("em", mean(samples, "em"));
      metrics.put("f1", mean(samples, "f1"));
      return metrics;
    }
  }

  /** IFEval's four accuracies; an item is right when all its instructions are followed strictly. */
  record ByInstructions() implements ReplyJudge {

    @Override
    public Found judge(Item.Reply item, String reply) {
      List<Instruction> instructions = RecordInstructions.of(item.document());
      List<Boolean> strict = Instructions.strict(instructions, reply);
      List<Boolean> loose = Instructions.loose(instructions, reply);
      SequencedMap<String, Double> measures = new LinkedHashMap<>();
      measures.put("instructions", (double) instructions.size());
      measures.put("strictly_followed", (double) count(strict));
      measures.put("loosely_followed", (double) count(loose));
      return new Found(text(reply), count(strict) == instructions.size(), measures);
    }

    private static long count(List<Boolean> followed) {
      return followed.stream().filter(Boolean::booleanValue).count();
    }

    @Override
    public SequencedMap<String, Double> metrics(List<SampleRecord> samples) {
      SequencedMap<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("prompt_level_strict_acc", whole(samples, "strictly_followed"));
      metrics.put("inst_level_strict_acc", each(samples, "strictly_followed"));
      metrics.put("prompt_level_loose_acc", whole(samples, "loosely_followed"));
      metrics.put("inst_level_loose_acc", each(samples, "loosely_followed"));
      return metrics;
    }

    private static double whole(List<SampleRecord> samples, String measure) {
      long all =
          samples.stream().filter(s -> s.measure(measure) == s.measure("instructions")).count();
      return (double) all / samples.size();
    }

    private static double each(List<SampleRecord> samples, String measure) {
      return sum(samples, measure) / sum(samples, "instructions");
    }
  }
}
