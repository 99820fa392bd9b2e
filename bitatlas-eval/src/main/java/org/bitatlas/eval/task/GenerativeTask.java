package org.bitatlas.eval.task;

import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.metric.AnswerRule;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * The model writes a reply, the answer is extracted from it and compared with the expected one.
 *
 * @param name name of the task
 * @param about one sentence for reports
 * @param file data file, JSON Lines
 * @param user user message over the fields of a record
 * @param expected expected answer over the fields of a record; {@link AnswerRule#expected} is
 *     applied to it
 * @param answer how the answer is found in the reply after its thinking span
 * @param chance accuracy of guessing, 0 to 1
 * @param modes thinking modes of a study that names none
 * @param budgets most new tokens of a reply
 * @param subgroups parts whose accuracy is also reported
 */
public record GenerativeTask(
    String name,
    String about,
    String file,
    RecordTemplate user,
    RecordTemplate expected,
    AnswerRule answer,
    double chance,
    List<ThinkingMode> modes,
    Budgets budgets,
    Optional<Subgroups> subgroups)
    implements Task {

  /** Most new tokens of a reply in a mode. */
  public int budget(Optional<ThinkingMode> mode) {
    return budgets.of(mode);
  }

  @Override
  public Measure measure() {
    return Measure.ACCURACY;
  }

  @Override
  public String definition() {
    return "exact match; user message "
        + user.source()
        + "; answer: "
        + answer.describe()
        + "; budgets "
        + budgets;
  }
}
