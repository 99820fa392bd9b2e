package org.bitatlas.eval.endpoint;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.Generation.Reason;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.ReplyBudget;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.Tokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code /v1/completions} with prompts of token ids: what a local run would feed the model, token
 * by token. Replies are cut by ids as local ones are: at a stop token, at the budget, and at the
 * end of a thinking that has a budget of its own.
 */
final class CompletionsModel implements ItemModel {
  static final String PATH = "/v1/completions";

  /**
   * What is asked how.
   *
   * @param client the server
   * @param facts what it says of itself
   * @param tokenizer the model's tokenizer
   * @param gives what it gives
   * @param journal answers that are known
   * @param meter what measures the replies
   */
  record Setting(
      EndpointClient client,
      ServerFacts facts,
      Tokenizer tokenizer,
      Capabilities gives,
      ReplyJournal journal,
      SpeedMeter meter) {}

  /**
   * Tokens of a reply.
   *
   * @param ids as the server gave them
   * @param stopped whether the reply ended by itself
   */
  private record Tokens(List<Integer> ids, boolean stopped) {}

  private final Setting setting;

  CompletionsModel(Setting setting) {
    this.setting = setting;
  }

  @Override
  public Generation generate(GenerationRequest request) {
    check(request.promptIds().length + request.mostTokens());
    List<Integer> ids = new ArrayList<>();
    GenerationRequest rest = request;
    boolean cut = false;
    while (true) {
      Tokens tokens = ask(rest, ids);
      ReplyBudget budget = new ReplyBudget(rest);
      boolean forced = false;
      for (int id : tokens.ids()) {
        forced = budget.forced().isPresent() && budget.forced().getAsInt() != id;
        if (forced || budget.spent()) {
          break;
        }
        budget.add(id);
        ids.add(id);
        if (request.end().filter(end -> end.isReached(ids)).isPresent()) {
          return new Generation(List.copyOf(ids), Reason.REACHED_END, cut);
        }
      }
      if (budget.forced().isPresent()) {
        int close = budget.forced().getAsInt();
        budget.add(close);
        ids.add(close);
        cut = true;
        rest = budget.rest(rest, concatenated(request.promptIds(), ids));
        continue;
      }
      boolean stopped = tokens.stopped() && !budget.spent();
      return new Generation(List.copyOf(ids), stopped ? Reason.STOP_TOKEN : Reason.LENGTH, cut);
    }
  }

  private Tokens ask(GenerationRequest request, List<Integer> before) {
    if (request.mostTokens() == 0) {
      return new Tokens(List.of(), false);
    }
    ObjectNode question = question(setting.facts(), request, setting.gives().ids());
    StreamedReply reply =
        setting
            .journal()
            .answered(
                PATH,
                question,
                StreamedReply.class,
                known -> isWhole(known, request, before),
                () -> send(question, request, before));
    List<Integer> ids =
        switch (setting.gives().ids()) {
          case GIVEN, NAMED ->
              reply.pieces().stream().flatMap(piece -> piece.ids().stream()).toList();
          case ENCODED -> encoded(reply);
        };
    for (int i = 0; i < ids.size(); i++) {
      if (request.stopIds().contains(ids.get(i))) {
        return new Tokens(ids.subList(0, i), true);
      }
    }
    return new Tokens(ids, reply.finish().equals("stop"));
  }

  private List<Integer> encoded(StreamedReply reply) {
    StringBuilder text = new StringBuilder();
    reply.pieces().forEach(piece -> text.append(piece.text()));
    return Arrays.stream(setting.tokenizer().encode(text.toString(), false)).boxed().toList();
  }

  /** Whether nothing of a reply is missing that this request wants. */
  private static boolean isWhole(
      StreamedReply reply, GenerationRequest request, List<Integer> before) {
    Predicate<StreamedReply.Piece> end = end(request, before);
    return !reply.finish().equals(StreamedReply.ENOUGH) || reply.pieces().stream().anyMatch(end);
  }

  /** Told the pieces of a reply in order, whether one of them ends it. */
  private static Predicate<StreamedReply.Piece> end(
      GenerationRequest request, List<Integer> before) {
    List<Integer> written = new ArrayList<>(before);
    return piece -> {
      for (int id : piece.ids()) {
        written.add(id);
        if (request.end().filter(end -> end.isReached(written)).isPresent()) {
          return true;
        }
      }
      return false;
    };
  }

  private StreamedReply send(ObjectNode question, GenerationRequest request, List<Integer> before) {
    return StreamedReply.ask(
        setting.client(),
        setting.meter(),
        PATH,
        question,
        request,
        Set.of("stop", "length", StreamedReply.ENOUGH),
        (body, sent) -> StreamedReply.read(body, sent, end(request, before)));
  }

  /**
   * The request of a reply, with every parameter said that a server has a default of its own for.
   */
  static ObjectNode question(ServerFacts facts, GenerationRequest request, IdSource ids) {
    ObjectNode question = EndpointClient.JSON.createObjectNode();
    question.put("model", facts.model());
    prompt(question, request.promptIds());
    question.put("max_tokens", request.mostTokens());
    SamplingFields.put(question, facts, request.sampling());
    question.put("stream", true);
    question.putObject("stream_options").put("include_usage", true);
    if (facts.isVllm()) {
      ArrayNode stop = question.putArray("stop_token_ids");
      request.stopIds().stream().sorted().forEach(stop::add);
      question.put("skip_special_tokens", false);
    }
    switch (ids) {
      case GIVEN -> question.put("return_token_ids", true);
      case NAMED -> question.put("logprobs", 0).put("return_tokens_as_token_ids", true);
      case ENCODED -> {}
    }
    return question;
  }

  @Override
  public TokenScores score(ScoringRequest request) {
    if (setting.gives().scores() == ScoreSource.NONE) {
      throw new BitAtlasException(setting.gives().noScores());
    }
    check(request.tokenIds().length + 1L);
    ObjectNode question = question(setting.facts(), request, setting.gives().scores());
    try {
      return setting
          .journal()
          .answered(
              PATH + " scores from " + request.from(),
              question,
              TokenScores.class,
              () ->
                  setting
                      .client()
                      .post(
                          PATH,
                          question,
                          Limits.scores(request.tokenIds().length),
                          (body, sent) -> scores(body, request)));
    } catch (NonFiniteAnswer e) {
      double[] unknown = new double[request.tokenIds().length - request.from()];
      Arrays.fill(unknown, Double.NaN);
      return new TokenScores(unknown, new boolean[unknown.length]);
    }
  }

  private TokenScores scores(BoundedBody body, ScoringRequest request) throws IOException {
    JsonNode answer = EndpointClient.json(body);
    return setting
        .gives()
        .scores()
        .read(answer, request)
        .orElseThrow(() -> new IOException("the answer has no log-probabilities of the prompt"));
  }

  /** The request of scores. */
  static ObjectNode question(ServerFacts facts, ScoringRequest request, ScoreSource source) {
    ObjectNode question = EndpointClient.JSON.createObjectNode();
    question.put("model", facts.model());
    prompt(question, request.tokenIds());
    question.put("max_tokens", 1);
    SamplingFields.put(question, facts, new Sampling.Greedy());
    source.ask(question);
    return question;
  }

  private static void prompt(ObjectNode question, int[] ids) {
    ArrayNode prompt = question.putArray("prompt");
    for (int id : ids) {
      prompt.add(id);
    }
  }

  private void check(long tokens) {
    Optional<Integer> length = setting.facts().contextLength().stream().boxed().findFirst();
    if (length.isPresent() && tokens > length.get()) {
      throw new BitAtlasException(
          "A prompt and its reply take %d tokens, but the server's context (max_model_len) has %d; serve the model with a longer one, or ask for less."
              .formatted(tokens, length.get()));
    }
  }

  private static int[] concatenated(int[] prompt, List<Integer> ids) {
    int[] all = Arrays.copyOf(prompt, prompt.length + ids.size());
    for (int i = 0; i < ids.size(); i++) {
      all[prompt.length + i] = ids.get(i);
    }
    return all;
  }
}
