package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Sections of names and values, laid out in 80 columns. */
final class FactSheet {

  static final int WIDTH = 80;

  private static final int NAME_WIDTH = 18;

  private final List<String> lines = new ArrayList<>();

  /** Begins a section. */
  FactSheet section(String title) {
    if (!lines.isEmpty()) {
      lines.add("");
    }
    lines.add(title);
    return this;
  }

  /** Adds a fact; a long value goes on in the next line, below its beginning. */
  FactSheet fact(String name, String value) {
    String start = "  " + name + " ".repeat(Math.max(1, NAME_WIDTH - name.length()));
    for (String part : wrapped(value, WIDTH - start.length())) {
      lines.add(start + part);
      start = " ".repeat(start.length());
    }
    return this;
  }

  void print(PrintWriter out) {
    lines.forEach(out::println);
    out.flush();
  }

  /** Cuts a text at spaces into lines of at most {@code width}; a longer word stays whole. */
  static List<String> wrapped(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ")) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
