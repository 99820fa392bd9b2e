package org.bitatlas.eval.endpoint;

import java.io.IOException;
import java.util.Optional;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** How log-probabilities of a prompt are had. */
enum ScoreSource {
  /** vLLM's {@code prompt_logprobs}. */
  PROMPT_LOGPROBS("prompt_logprobs") {
    @Override
    void ask(ObjectNode question) {
      question.put("prompt_logprobs", 1);
    }

    @Override
    Optional<TokenScores> read(JsonNode answer, ScoringRequest request) throws IOException {
      return PromptScores.ofPrompt(answer, request);
    }
  },
  /** OpenAI's {@code echo} with {@code logprobs}. */
  ECHO("echo with logprobs") {
    @Override
    void ask(ObjectNode question) {
      question.put("echo", true).put("logprobs", 1);
    }

    @Override
    Optional<TokenScores> read(JsonNode answer, ScoringRequest request) throws IOException {
      return PromptScores.ofEcho(answer, request);
    }
  },
  /** The server has none. */
  NONE("none") {
    @Override
    void ask(ObjectNode question) {
      throw new IllegalStateException("the server has no log-probabilities of prompts");
    }

    @Override
    Optional<TokenScores> read(JsonNode answer, ScoringRequest request) {
      return Optional.empty();
    }
  };

  private final String description;

  ScoreSource(String description) {
    this.description = description;
  }

  /** In words, as a record has it. */
  String description() {
    return description;
  }

  /** Asks for the scores. */
  abstract void ask(ObjectNode question);

  /** The scores of an answer, if it has any. */
  abstract Optional<TokenScores> read(JsonNode answer, ScoringRequest request) throws IOException;
}
