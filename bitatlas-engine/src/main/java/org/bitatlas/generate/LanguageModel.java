package org.bitatlas.generate;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * What evaluation needs of a model: scores of given tokens, and new tokens. Implemented by {@link
 * TransformerLanguageModel}; tests use hand-written fakes.
 */
public interface LanguageModel {

  /** Most tokens that can stand before another one; empty where that is not known. */
  default OptionalInt contextLength() {
    return OptionalInt.empty();
  }

  /**
   * For each request the log-probabilities (natural logarithm, from fp32 logits with double sums)
   * of its tokens from {@code from} on, each given all tokens before it. Results are in request
   * order and do not depend on the order or number of requests beyond float rounding.
   */
  List<TokenScores> score(List<ScoringRequest> requests);

  /**
   * One generation per request, in request order. Requests are batched by length; a finished row
   * leaves its batch.
   *
   * @param finished called once per finished generation, from any worker thread, for progress
   */
  List<Generation> generate(
      List<GenerationRequest> requests, Consumer<? super Generation> finished);
}
