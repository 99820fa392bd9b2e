package org.bitatlas.eval.prompt;

import java.util.ArrayList;
import java.util.List;

/** The pages of WikiText, from its rows: a page begins at a heading of the first level. */
final class WikiPages {

  private WikiPages() {}

  /**
   * The pages as the data set of documents has them.
   *
   * @param rows lines with their line end; empty for an empty line
   */
  static List<String> of(List<String> rows) {
    List<String> pages = new ArrayList<>();
    List<String> page = new ArrayList<>();
    for (String row : rows) {
      String line = row.isEmpty() ? " " : row.substring(0, row.length() - 1);
      if (isTitle(line)) {
        add(page, pages);
        page.clear();
      }
      page.add(line);
    }
    // The file ends with a line end, after which there is an empty line.
    page.add("");
    add(page, pages);
    return List.copyOf(pages);
  }

  private static void add(List<String> lines, List<String> pages) {
    String page = String.join("\n", lines);
    if (!page.isBlank()) {
      pages.add(page);
    }
  }

  private static boolean isTitle(String line) {
    String joined = line.replace("= = =", "===").replace("= =", "==").strip();
    return joined.startsWith("= ") && joined.endsWith(" =");
  }
}
