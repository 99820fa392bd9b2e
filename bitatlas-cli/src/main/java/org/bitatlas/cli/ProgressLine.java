package org.bitatlas.cli;

import java.io.PrintWriter;

/**
 * One line at the bottom of the terminal that says how far a command is, with lasting lines above
 * it. Where nobody looks (a file, a pipe) only the lasting lines are written. Thread-safe.
 */
final class ProgressLine implements AutoCloseable {

  private static final long REDRAW_NANOS = 100_000_000;

  private final PrintWriter out;
  private final boolean terminal;
  private String drawn = "";
  private long drawnAt;

  ProgressLine(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Replaces the status; drawn at most ten times a second. */
  synchronized void status(String text) {
    long now = System.nanoTime();
    if (!terminal || (!drawn.isEmpty() && now - drawnAt < REDRAW_NANOS)) {
      return;
    }
    drawnAt = now;
    draw(text.length() < FactSheet.WIDTH ? text : text.substring(0, FactSheet.WIDTH - 1));
  }

  /** Writes a line that stays. */
  synchronized void line(String text) {
    String status = drawn;
    draw("");
    out.println(text);
    out.flush();
    draw(status);
  }

  /** Removes the status. */
  @Override
  public synchronized void close() {
    draw("");
  }

  private void draw(String text) {
    if (!terminal || text.equals(drawn)) {
      return;
    }
    int blanks = Math.max(0, drawn.length() - text.length());
    out.print("\r" + text + " ".repeat(blanks) + (text.isEmpty() ? "\r" : ""));
    out.flush();
    drawn = text;
  }
}
