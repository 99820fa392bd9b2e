package org.bitatlas.eval.task;

import java.util.SequencedMap;
import org.bitatlas.eval.metric.AnswerRule;
import org.bitatlas.eval.metric.CodeRule;
import org.bitatlas.eval.prompt.RecordTemplate;

/** How a reply to a harness task is scored. */
public sealed interface ReplyScore {

  /** The score as text for reports. */
  String describe();

  /**
   * An answer is found and compared with the target.
   *
   * @param rules ways to find it by the names that the harness gives them; the first one decides
   *     whether an item is right, every one is reported
   */
  record Answers(SequencedMap<String, AnswerRule> rules) implements ReplyScore {

    @Override
    public String describe() {
      StringBuilder text = new StringBuilder("exact match");
      rules.forEach(
          (name, rule) -> text.append("; ").append(name).append(": ").append(rule.describe()));
      return text.toString();
    }
  }

  /** DROP's exact match and F1 over the accepted answers. */
  record Drop() implements ReplyScore {

    @Override
    public String describe() {
      return "exact match and F1 of DROP as lm-evaluation-harness has them: the whole reply is one"
          + " span, numbers as floats";
    }
  }

  /** The instructions of the record are checked; an item is right when all are followed. */
  record InstructionChecks() implements ReplyScore {

    @Override
    public String describe() {
      return "all instructions followed, strictly; also loosely, and by instruction";
    }
  }

  /**
   * The reply is a program, which is run against its checks.
   *
   * @param prefix what stands in front of the code of the reply to make a program
   * @param code how the code is found in the reply
   * @param checks Python source that raises where the program is wrong
   */
  record Programs(RecordTemplate prefix, CodeRule code, RecordTemplate checks)
      implements ReplyScore {

    @Override
    public String describe() {
      return "share of programs that pass their checks (pass@1); program: "
          + prefix.source()
          + " + "
          + code.describe()
          + "; checks: "
          + checks.source();
    }
  }
}
