package org.bitatlas.study.diagnosis;

import java.util.Optional;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * The first token at which a reply leaves float's. The texts of the records are tokenized again;
 * greedy replies mostly come out in the tokens they were generated in.
 *
 * @param index tokens both begin with
 * @param length tokens of float's reply
 * @param exact float's token there, as the vocabulary writes it; {@link #END} where it ends
 * @param found the quantized model's token
 * @param odds how probable both models find both; empty where no model was run
 */
public record FirstToken(
    int index, int length, String exact, String found, Optional<TokenOdds> odds) {

  /** In place of a token where a reply ends. */
  public static final String END = "(end)";

  static FirstToken of(Tokenizer tokenizer, String exact, String found) {
    int[] one = tokenizer.encode(exact, false);
    int[] other = tokenizer.encode(found, false);
    int at = common(one, other);
    return new FirstToken(
        at, one.length, token(tokenizer, one, at), token(tokenizer, other, at), Optional.empty());
  }

  /** The same with probabilities. */
  FirstToken with(TokenOdds known) {
    return new FirstToken(index, length, exact, found, Optional.of(known));
  }

  static int common(int[] one, int[] other) {
    int at = 0;
    while (at < Math.min(one.length, other.length) && one[at] == other[at]) {
      at++;
    }
    return at;
  }

  private static String token(Tokenizer tokenizer, int[] ids, int at) {
    return at < ids.length ? tokenizer.tokenOf(ids[at]) : END;
  }

  /** Where the replies part, as a share of float's: 0 at once, 1 not before its end. */
  double share() {
    return length == 0 ? 1 : Math.min(1, (double) index / length);
  }
}
