package org.bitatlas.eval.task;

import java.util.List;
import org.bitatlas.eval.metric.CodeRule;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * The model writes a program, which is run against its checks in a sandbox.
 *
 * @param name name of the task
 * @param about one sentence for reports
 * @param file data file, JSON Lines
 * @param user user message over the fields of a record
 * @param prefix what stands in front of the code of the reply to make a program
 * @param code how the code is found in the reply after its thinking span
 * @param checks what must hold for the program
 * @param modes thinking modes of a study that names none
 * @param budgets most new tokens of a reply
 */
public record CodeTask(
    String name,
    String about,
    String file,
    RecordTemplate user,
    RecordTemplate prefix,
    CodeRule code,
    ProgramChecks checks,
    List<ThinkingMode> modes,
    Budgets budgets)
    implements Task {

  @Override
  public Measure measure() {
    return Measure.ACCURACY;
  }

  @Override
  public String definition() {
    return "share of programs that pass their checks (pass@1); user message "
        + user.source()
        + "; program: "
        + prefix.source()
        + " + "
        + code.describe()
        + "; checks: "
        + checks.describe()
        + "; budgets "
        + budgets;
  }
}
