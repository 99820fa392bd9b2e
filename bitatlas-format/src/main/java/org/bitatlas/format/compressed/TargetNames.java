package org.bitatlas.format.compressed;

import java.util.List;
import org.bitatlas.format.BoundedPattern;

/**
 * Targets of a configuration group: names of modules, the class name {@code Linear}, and regular
 * expressions {@code re:...} that a module's name must begin with a match of.
 */
final class TargetNames {

  private static final String EXPRESSION = "re:";

  private TargetNames() {}

  /** How closely a module is named. */
  enum Match {
    NONE,
    CLASS,
    EXPRESSION,
    NAME
  }

  /** The closest match of a module among targets. */
  static Match match(String module, List<String> targets) {
    Match best = Match.NONE;
    for (String target : targets) {
      Match match = match(module, target);
      if (match.compareTo(best) > 0) {
        best = match;
      }
    }
    return best;
  }

  private static Match match(String module, String target) {
    if (target.equals(module)) {
      return Match.NAME;
    }
    if (target.equals("Linear")) {
      return Match.CLASS;
    }
    boolean matches =
        target.startsWith(EXPRESSION)
            && BoundedPattern.begins(module, target.substring(EXPRESSION.length()));
    return matches ? Match.EXPRESSION : Match.NONE;
  }
}
