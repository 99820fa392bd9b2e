package org.bitatlas.eval.endpoint;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import tools.jackson.databind.JsonNode;

/** Scores of a prompt's tokens in the answers of servers. */
final class PromptScores {

  /** What vLLM writes for minus infinity, which JSON lacks. */
  private static final double VLLM_MINUS_INFINITY = -9999.0;

  private PromptScores() {}

  /**
   * Scores from vLLM's {@code prompt_logprobs}: per token an object of ids with log-probability,
   * the prompt's token among them, null for the first.
   *
   * @return empty when the answer has no such field
   * @throws IOException when the field does not fit the prompt
   */
  static Optional<TokenScores> ofPrompt(JsonNode answer, ScoringRequest request)
      throws IOException {
    JsonNode choice = answer.path("choices").path(0);
    JsonNode all =
        choice.path("prompt_logprobs").isArray()
            ? choice.path("prompt_logprobs")
            : answer.path("prompt_logprobs");
    if (!all.isArray()) {
      return Optional.empty();
    }
    int[] ids = request.tokenIds();
    if (all.size() != ids.length) {
      throw misfit(all.size(), ids.length);
    }
    double[] scores = new double[ids.length - request.from()];
    boolean[] greedy = new boolean[scores.length];
    for (int i = 0; i < scores.length; i++) {
      JsonNode entries = all.path(request.from() + i);
      int id = ids[request.from() + i];
      double own = number(entries.path(Integer.toString(id)).path("logprob"));
      boolean best = true;
      for (Map.Entry<String, JsonNode> entry : entries.properties()) {
        double other = number(entry.getValue().path("logprob"));
        // Equal scores: the lowest id is the arg max.
        best &= other < own || (other == own && Long.parseLong(entry.getKey()) >= id);
      }
      scores[i] = own;
      greedy[i] = best;
    }
    return Optional.of(new TokenScores(scores, greedy));
  }

  /**
   * Scores from OpenAI's {@code echo} with {@code logprobs}: the prompt's tokens stand in front of
   * the one that was generated.
   *
   * @return empty when the answer has none
   * @throws IOException when they do not fit the prompt
   */
  static Optional<TokenScores> ofEcho(JsonNode answer, ScoringRequest request) throws IOException {
    JsonNode given = answer.path("choices").path(0).path("logprobs");
    JsonNode values = given.path("token_logprobs");
    int[] ids = request.tokenIds();
    if (!values.isArray() || values.size() < ids.length) {
      return Optional.empty();
    }
    if (values.size() > ids.length + 1) {
      throw misfit(values.size(), ids.length);
    }
    double[] scores = new double[ids.length - request.from()];
    boolean[] greedy = new boolean[scores.length];
    for (int i = 0; i < scores.length; i++) {
      int place = request.from() + i;
      scores[i] = number(values.path(place));
      greedy[i] = true;
      for (JsonNode other : given.path("top_logprobs").path(place)) {
        greedy[i] &= number(other) <= scores[i];
      }
    }
    return Optional.of(new TokenScores(scores, greedy));
  }

  private static double number(JsonNode node) throws IOException {
    if (!node.isNumber()) {
      throw new IOException("a token of the prompt has no log-probability");
    }
    double value = node.doubleValue();
    return value == VLLM_MINUS_INFINITY ? Double.NEGATIVE_INFINITY : value;
  }

  private static IOException misfit(int given, int asked) {
    return new IOException(
        "it gives log-probabilities of " + given + " tokens for a prompt of " + asked);
  }
}
