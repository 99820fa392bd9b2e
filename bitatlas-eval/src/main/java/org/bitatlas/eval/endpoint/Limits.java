package org.bitatlas.eval.endpoint;

/** Most bytes an answer can have: generous for what was asked, and no more. */
final class Limits {
  private static final long BASE = 1 << 20;
  private static final long SCORE = 1 << 11;
  private static final long TOKEN = 1 << 13;
  private static final long ID = 16;

  private Limits() {}

  /** Scores of a prompt: two entries a token with id, numbers and text. */
  static long scores(int promptTokens) {
    return BASE + SCORE * promptTokens;
  }

  /** A streamed reply: an event a token, the ids of the prompt once. */
  static long reply(int promptTokens, long replyTokens) {
    return BASE + ID * promptTokens + TOKEN * replyTokens;
  }
}
