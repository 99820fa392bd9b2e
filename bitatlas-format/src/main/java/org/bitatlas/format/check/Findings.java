package org.bitatlas.format.check;

import java.util.ArrayList;
import java.util.List;

/** Collects findings, in the order in which the parts of a folder are looked at. */
final class Findings {

  private final List<Finding> all = new ArrayList<>();

  void fault(String rule, String where, String problem, String remedy) {
    all.add(new Finding(Severity.FAULT, rule, where, problem, remedy));
  }

  void wrong(String rule, String where, String problem, String remedy) {
    all.add(new Finding(Severity.WRONG, rule, where, problem, remedy));
  }

  void warn(String rule, String where, String problem, String remedy) {
    all.add(new Finding(Severity.WARNING, rule, where, problem, remedy));
  }

  List<Finding> all() {
    return List.copyOf(all);
  }
}
