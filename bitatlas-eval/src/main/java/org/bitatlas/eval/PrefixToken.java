package org.bitatlas.eval;

import java.util.OptionalInt;
import org.bitatlas.tokenizer.ChatTokenizer;

/**
 * The token that a text without anything before it is predicted from, as lm-evaluation-harness has
 * it: the begin token, or else the end token (of several the smallest id).
 */
final class PrefixToken {

  private PrefixToken() {}

  /** Its id; empty where the tokenizer has neither. */
  static OptionalInt of(ChatTokenizer tokenizer) {
    OptionalInt begin = tokenizer.tokenizer().beginOfSequenceId();
    return begin.isPresent()
        ? begin
        : tokenizer.stopIds().stream().mapToInt(Integer::intValue).min();
  }
}
