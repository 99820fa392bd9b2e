package org.bitatlas.cli;

/** Whether standard output and standard error are terminals, as the launcher saw them. */
final class Screen {

  private static final String SEEN = System.getProperty("bitatlas.screen", "");

  /** Whether a person reads standard output as it is written. */
  static boolean showsOutput() {
    return SEEN.contains("out") && !isDumb();
  }

  /** Whether a person reads standard error as it is written. */
  static boolean showsErrors() {
    return SEEN.contains("err") && !isDumb();
  }

  private static boolean isDumb() {
    return "dumb".equals(System.getenv("TERM"));
  }

  private Screen() {}
}
