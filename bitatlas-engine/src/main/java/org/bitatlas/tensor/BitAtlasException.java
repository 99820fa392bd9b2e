package org.bitatlas.tensor;

/**
 * A mistake or a limit the user can act on. The message is one sentence: what, where, what was
 * expected, what to do. The command line prints it without a stack trace.
 */
public class BitAtlasException extends RuntimeException {

  /** An error with a message for the user. */
  public BitAtlasException(String message) {
    super(message);
  }

  /** An error with a message for the user and the failure behind it. */
  public BitAtlasException(String message, Throwable cause) {
    super(message, cause);
  }
}
