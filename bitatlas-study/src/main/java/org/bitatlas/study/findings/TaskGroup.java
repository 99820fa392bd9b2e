package org.bitatlas.study.findings;

import java.util.Locale;
import java.util.regex.Pattern;

/** What a task asks for, as the papers group them. */
enum TaskGroup {
  /** Several steps from what is given to the answer. */
  REASONING(
      "^(chain|bool)_nano|^(piqa|siqa|social_iqa|hellaswag|winogrande|arc_|boolq|openbookqa|cluewsc|gpqa|drop)"),
  /** Numbers and formulas. */
  MATH("^gsm_nano|^(gsm8k|minerva|math|aime|hendrycks_math)"),
  /** Programs. */
  CODE("^(humaneval|mbpp|livecodebench)"),
  /** All others: knowledge, language, instructions. */
  OTHER("^");

  private final Pattern names;

  TaskGroup(String names) {
    this.names = Pattern.compile(names);
  }

  /** The group of a task, by its name. */
  static TaskGroup of(String task) {
    for (TaskGroup group : values()) {
      if (group.names.matcher(task.toLowerCase(Locale.ROOT)).find()) {
        return group;
      }
    }
    return OTHER;
  }

  /** The group in a sentence. */
  String words() {
    return switch (this) {
      case REASONING -> "reasoning";
      case MATH -> "math";
      case CODE -> "code";
      case OTHER -> "other tasks";
    };
  }
}
