package org.bitatlas.cli;

/** Exit codes of the {@code bitatlas} command; part of its interface. */
final class Exit {

  /** The command did what was asked. */
  static final int OK = 0;

  /** The command could not do what was asked; standard error says why in one line. */
  static final int ERROR = 1;

  /** The command line is wrong. */
  static final int USAGE = 2;

  /** Interrupted with Ctrl-C (128 + SIGINT). */
  static final int INTERRUPTED = 130;

  private Exit() {}
}
