package org.bitatlas.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bitatlas.study.diagnosis.FirstToken;
import org.bitatlas.study.diagnosis.ReplyPair;
import org.bitatlas.study.diagnosis.TokenOdds;

/**
 * A broken reply beside float's in two columns: from a little before the place where the two part,
 * marked with {@code |}, and how they end.
 */
final class ReplyColumns {

  private static final int WIDTH = 37;
  private static final int BEFORE = 30;
  private static final int ROWS = 5;
  private static final String GUTTER = "  ";

  private ReplyColumns() {}

  /** Lines of at most 78 columns. */
  static List<String> of(ReplyPair pair) {
    List<String> lines = new ArrayList<>();
    lines.addAll(
        FactSheet.wrapped(
            "Item %d, %s; expected %s. %s"
                .formatted(
                    pair.found().index(), pair.how().words(), pair.found().expected(), place(pair)),
            2 * WIDTH + GUTTER.length()));
    List<String> exact = column("float", pair.exact().output(), pair.divergence());
    List<String> found = column("here", pair.found().output(), pair.divergence());
    for (int row = 0; row < Math.max(exact.size(), found.size()); row++) {
      String left = row < exact.size() ? exact.get(row) : "";
      String right = row < found.size() ? found.get(row) : "";
      lines.add((left + " ".repeat(WIDTH - left.length()) + GUTTER + right).stripTrailing());
    }
    return lines;
  }

  private static String place(ReplyPair pair) {
    if (pair.token().isEmpty()) {
      return "The replies part at character %d.".formatted(pair.divergence());
    }
    FirstToken token = pair.token().get();
    return "First divergent token: %d of %d, '%s' in float, '%s' here%s."
        .formatted(
            token.index(),
            token.length(),
            token.exact(),
            token.found(),
            token.odds().map(ReplyColumns::odds).orElse(""));
  }

  private static String odds(TokenOdds odds) {
    return String.format(
        Locale.ROOT,
        " (probabilities: in float %.3f and %.3f, here %.3f and %.3f)",
        odds.exactInFloat(),
        odds.foundInFloat(),
        odds.exactHere(),
        odds.foundHere());
  }

  private static List<String> column(String name, String text, int place) {
    int parting = Math.min(place, text.length());
    int from = Math.max(0, parting - BEFORE);
    String shown =
        ((from > 0 ? "..." : "") + text.substring(from, parting) + "|" + text.substring(parting))
            .replace("\n", "\\n");
    List<String> rows = new ArrayList<>(List.of(name));
    for (int at = 0; at < shown.length(); at += WIDTH) {
      rows.add(shown.substring(at, Math.min(shown.length(), at + WIDTH)));
    }
    if (rows.size() <= ROWS + 2) {
      return rows;
    }
    List<String> cut = new ArrayList<>(rows.subList(0, ROWS + 1));
    cut.add("..." + shown.substring(shown.length() - (WIDTH - 3)));
    return cut;
  }
}
