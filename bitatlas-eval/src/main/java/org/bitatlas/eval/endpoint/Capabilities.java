package org.bitatlas.eval.endpoint;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.Tokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a server gives to prompts of token ids, found out by asking for two tokens.
 *
 * @param ids where ids of replies come from
 * @param scores how scores of prompts are had
 * @param noScores why there are none; empty where there are
 */
record Capabilities(IdSource ids, ScoreSource scores, String noScores) {

  private static final String SAMPLE = "The quick brown fox";

  /**
   * Asks.
   *
   * @throws BitAtlasException when the server takes no prompts of token ids, or its tokenizer gives
   *     other ids than {@code tokenizer}
   */
  static Capabilities probe(EndpointClient client, ServerFacts facts, Tokenizer tokenizer) {
    requireSameTokenizer(client, facts, tokenizer);
    int[] prompt = tokenizer.encode(SAMPLE, true);
    IdSource ids = ids(client, facts, prompt);
    ScoringRequest scoring = new ScoringRequest(prompt, 1);
    String refused = "its answers have none";
    for (ScoreSource source : List.of(ScoreSource.PROMPT_LOGPROBS, ScoreSource.ECHO)) {
      try {
        if (gives(client, facts, scoring, source)) {
          return new Capabilities(ids, source, "");
        }
      } catch (EndpointRefusal e) {
        refused = e.reason();
      }
    }
    return new Capabilities(
        ids,
        ScoreSource.NONE,
        "The server at %s gives no log-probabilities of a prompt, neither as prompt_logprobs nor by echo with logprobs (%s); log-likelihood and perplexity need them, generative tasks do not."
            .formatted(client.settings().address(), refused));
  }

  private static void requireSameTokenizer(
      EndpointClient client, ServerFacts facts, Tokenizer tokenizer) {
    ObjectNode question = EndpointClient.JSON.createObjectNode();
    question.put("model", facts.model()).put("prompt", SAMPLE).put("add_special_tokens", false);
    JsonNode tokens;
    try {
      tokens = client.post("/tokenize", question, Limits.reply(0, 64)).path("tokens");
    } catch (EndpointRefusal e) {
      return;
    }
    int[] here = tokenizer.encode(SAMPLE, false);
    int[] there = new int[tokens.size()];
    Arrays.setAll(there, i -> tokens.path(i).intValue(-1));
    if (tokens.isArray() && there.length > 0 && !Arrays.equals(here, there)) {
      throw new BitAtlasException(
          "The tokenizer given here is not the server's: it makes \"%s\" the ids %s, the server %s; give the folder of the model that is served."
              .formatted(SAMPLE, Arrays.toString(here), Arrays.toString(there)));
    }
  }

  private static IdSource ids(EndpointClient client, ServerFacts facts, int[] prompt) {
    GenerationRequest two = new GenerationRequest(prompt, 2, new Sampling.Greedy(), Set.of());
    Optional<EndpointRefusal> refused = Optional.empty();
    for (IdSource source : IdSource.values()) {
      try {
        StreamedReply reply =
            client.post(
                CompletionsModel.PATH,
                CompletionsModel.question(facts, two, source),
                Limits.reply(prompt.length, 64),
                StreamedReply::read);
        int given = reply.pieces().stream().mapToInt(piece -> piece.ids().size()).sum();
        if (source == IdSource.ENCODED || (given > 0 && given <= 2)) {
          return source;
        }
      } catch (EndpointRefusal e) {
        refused = Optional.of(e);
      }
    }
    throw new BitAtlasException(
        "The server at %s takes no prompts of token ids (%s); leave --tokenizer out to use its chat."
            .formatted(
                client.settings().address(),
                refused.map(e -> e.reason()).orElse("no ids came back")));
  }

  private static boolean gives(
      EndpointClient client, ServerFacts facts, ScoringRequest request, ScoreSource source) {
    return client.post(
        CompletionsModel.PATH,
        CompletionsModel.question(facts, request, source),
        Limits.scores(request.tokenIds().length),
        (body, sent) -> {
          JsonNode answer = EndpointClient.json(body);
          try {
            Optional<TokenScores> scores = source.read(answer, request);
            return scores.isPresent();
          } catch (IOException e) {
            return false;
          }
        });
  }
}
