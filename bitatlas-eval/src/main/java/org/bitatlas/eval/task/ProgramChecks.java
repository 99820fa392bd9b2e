package org.bitatlas.eval.task;

import org.bitatlas.eval.prompt.RecordTemplate;

/** Where the checks of a program come from. */
public sealed interface ProgramChecks {

  /** For reports. */
  String describe();

  /**
   * Python source that raises where the program is wrong.
   *
   * @param source over the fields of a record
   */
  record Written(RecordTemplate source) implements ProgramChecks {

    @Override
    public String describe() {
      return source.source();
    }
  }

  /**
   * Inputs and a reference solution in the record, compared as EvalPlus does ({@link
   * org.bitatlas.eval.sandbox.EvalPlusChecks}).
   */
  record EvalPlus() implements ProgramChecks {

    @Override
    public String describe() {
      return "results of the reference solution on all inputs of EvalPlus";
    }
  }
}
