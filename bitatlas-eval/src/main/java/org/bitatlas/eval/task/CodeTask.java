package org.bitatlas.eval.task;

import java.util.List;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * Programs that are scored by running them. Their data is counted and hashed; nothing is generated
 * and nothing is executed, and every cell is SKIPPED with {@link #SKIP_REASON}.
 *
 * @param name name of the task
 * @param about one sentence for reports
 * @param file data file, JSON Lines
 * @param user user message over the fields of a record
 */
public record CodeTask(String name, String about, String file, RecordTemplate user)
    implements Task {

  /** Why such a cell is skipped. */
  public static final String SKIP_REASON =
      "needs the sandbox, which this version does not have: no generated code is executed";

  @Override
  public List<ThinkingMode> modes() {
    return List.of();
  }

  @Override
  public Measure measure() {
    return Measure.ACCURACY;
  }

  @Override
  public String definition() {
    return "share of programs that pass their tests";
  }
}
