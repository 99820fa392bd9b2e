package org.bitatlas.study.diagnosis;

import java.util.Optional;
import org.bitatlas.eval.CollapseMark;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * A reply beside float's reply to the same item.
 *
 * @param exact what the float model wrote
 * @param found what the quantized model wrote
 * @param divergence characters both begin with; the length of the shorter where one ends there
 * @param token the token at which they part; empty where there was no tokenizer
 * @param how what went wrong, where float was right and this is not
 */
public record ReplyPair(
    SampleRecord exact,
    SampleRecord found,
    int divergence,
    Optional<FirstToken> token,
    Failure how) {

  /** Ways for a reply to go wrong, the first that fits. */
  public enum Failure {
    /** It is right, or float was wrong as well. */
    NONE("not worse than float"),
    /** It ends in a loop, or ran out of tokens with more than half of it repeated. */
    LOOP("loops"),
    /** The thinking span was never closed. */
    UNCLOSED("thinking not closed"),
    /** The right answer is in the reply, but not as its answer. */
    LOST("answer found, then lost"),
    /** It ran out of tokens otherwise. */
    TRUNCATED("cut off"),
    /** It ends in another answer. */
    WRONG("another answer");

    private final String words;

    Failure(String words) {
      this.words = words;
    }

    /** In words. */
    public String words() {
      return words;
    }
  }

  static ReplyPair of(SampleRecord exact, SampleRecord found, Optional<Tokenizer> tokenizer) {
    return new ReplyPair(
        exact,
        found,
        commonPrefix(exact.output(), found.output()),
        tokenizer.map(words -> FirstToken.of(words, exact.output(), found.output())),
        failure(exact, found));
  }

  /** The same with probabilities of the tokens at which the two part. */
  ReplyPair with(TokenOdds odds) {
    return new ReplyPair(exact, found, divergence, token.map(place -> place.with(odds)), how);
  }

  /** Whether the failure is one that the right answer may have been lost in. */
  boolean maybeLost() {
    return how == Failure.LOST || how == Failure.TRUNCATED || how == Failure.WRONG;
  }

  /** Where the replies part, as a share of float's reply: 0 at once, 1 not before its end. */
  public double divergenceShare() {
    if (token.isPresent()) {
      return token.get().share();
    }
    int length = exact.output().length();
    return length == 0 ? 1 : Math.min(1, (double) divergence / length);
  }

  private static Failure failure(SampleRecord exact, SampleRecord found) {
    if (found.correct() || !exact.correct()) {
      return Failure.NONE;
    }
    if (CollapseMark.collapsed(found)) {
      return Failure.LOOP;
    }
    if (found.outcome().equals("UNCLOSED")) {
      return Failure.UNCLOSED;
    }
    if (CollapseMark.traced(found) && CollapseMark.lost(found)) {
      return Failure.LOST;
    }
    return found.outcome().equals("TRUNCATED") ? Failure.TRUNCATED : Failure.WRONG;
  }

  private static int commonPrefix(String one, String other) {
    int most = Math.min(one.length(), other.length());
    int at = 0;
    while (at < most && one.charAt(at) == other.charAt(at)) {
      at++;
    }
    return at;
  }
}
