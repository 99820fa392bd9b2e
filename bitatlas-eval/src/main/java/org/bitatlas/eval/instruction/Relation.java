package org.bitatlas.eval.instruction;

/** How a count is compared with the number of an instruction. */
enum Relation {
  LESS_THAN,
  AT_LEAST;

  static Relation of(Arguments arguments, String key) {
    return switch (arguments.text(key)) {
      case "less than" -> LESS_THAN;
      case "at least" -> AT_LEAST;
      case String other -> throw arguments.error(key, other, "\"less than\" or \"at least\"");
    };
  }

  boolean holds(int count, int number) {
    return this == LESS_THAN ? count < number : count >= number;
  }
}
