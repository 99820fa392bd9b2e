package org.bitatlas.eval;

import org.bitatlas.generate.ThinkingLimit;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingProtocol;

/** Budgets of thinking in the words of a model's protocol. */
public final class ThinkingBudget {

  private ThinkingBudget() {}

  /**
   * The limit of a reply's thinking.
   *
   * @param tokens most tokens of the span
   * @throws BitAtlasException when the model does not think or the budget is negative
   */
  public static ThinkingLimit limit(ThinkingProtocol protocol, int tokens) {
    if (tokens < 0) {
      throw new BitAtlasException(
          "The thinking budget is %d; give 0 or more tokens.".formatted(tokens));
    }
    if (protocol.closeId().isEmpty()) {
      throw new BitAtlasException(
          "The model does not think, so its thinking has no budget; leave the thinking budget out.");
    }
    return new ThinkingLimit(
        tokens, protocol.openId(), protocol.closeId().getAsInt(), protocol.templateOpensSpan());
  }
}
