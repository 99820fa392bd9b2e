package org.bitatlas.eval.endpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.Generation.Reason;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code /v1/chat/completions}: the server's own template makes the prompt. Thinking is what the
 * server's reasoning parser says, or else what stands in front of a closing mark in the text.
 */
final class ChatModel implements ItemModel {
  static final String PATH = "/v1/chat/completions";

  /** Why there are no log-likelihoods. */
  static final String NO_SCORES =
      "Log-likelihood and perplexity need prompts of token ids; give the model's tokenizer with --tokenizer.";

  /** What closes a thinking span in the text of models whose server has no reasoning parser. */
  private static final List<String> CLOSING = List.of("</think>", "[unused17]");

  private static final List<String> OPENING = List.of("<think>", "[unused16]");

  /**
   * What is asked how.
   *
   * @param client the server
   * @param facts what it says of itself
   * @param tokens ids of texts
   * @param mode thinking mode that is asked for
   * @param templateArguments sent as {@code chat_template_kwargs}; empty for none
   * @param journal answers that are known
   * @param meter what measures the replies
   */
  record Setting(
      EndpointClient client,
      ServerFacts facts,
      TextTokens tokens,
      Optional<ThinkingMode> mode,
      ObjectNode templateArguments,
      ReplyJournal journal,
      SpeedMeter meter) {}

  private final Setting setting;

  ChatModel(Setting setting) {
    this.setting = setting;
  }

  @Override
  public Generation generate(GenerationRequest request) {
    if (request.thinking().isPresent()) {
      throw new BitAtlasException(
          "A thinking budget needs prompts of token ids; give the model's tokenizer with --tokenizer, or leave the budget out.");
    }
    ObjectNode question = question(request);
    StreamedReply reply =
        setting
            .journal()
            .answered(PATH, question, StreamedReply.class, () -> send(question, request));
    return new Generation(
        ids(reply), reply.finish().equals("stop") ? Reason.STOP_TOKEN : Reason.LENGTH);
  }

  private ObjectNode question(GenerationRequest request) {
    ObjectNode question = EndpointClient.JSON.createObjectNode();
    question.put("model", setting.facts().model());
    question
        .putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", setting.tokens().text(request.promptIds()));
    question.put("max_tokens", request.mostTokens());
    SamplingFields.put(question, setting.facts(), request.sampling());
    question.put("stream", true);
    question.putObject("stream_options").put("include_usage", true);
    if (setting.facts().isVllm()) {
      question.put("skip_special_tokens", false);
    }
    if (!setting.templateArguments().isEmpty()) {
      question.set("chat_template_kwargs", setting.templateArguments());
    }
    return question;
  }

  private StreamedReply send(ObjectNode question, GenerationRequest request) {
    return StreamedReply.ask(
        setting.client(),
        setting.meter(),
        PATH,
        question,
        request,
        Set.of("stop", "length"),
        StreamedReply::read);
  }

  private List<Integer> ids(StreamedReply reply) {
    List<String> thinking = new ArrayList<>();
    List<String> answer = new ArrayList<>();
    reply.pieces().forEach(piece -> (piece.thinking() ? thinking : answer).add(piece.text()));
    List<Integer> ids = new ArrayList<>();
    if (!thinking.isEmpty()) {
      ids.add(TextTokens.OPEN);
      thinking.forEach(text -> ids.add(setting.tokens().piece(text)));
      if (!answer.isEmpty()) {
        ids.add(TextTokens.CLOSE);
      }
      answer.forEach(text -> ids.add(setting.tokens().piece(text)));
      return List.copyOf(ids);
    }
    Optional<SplitText> split = SplitText.at(answer, CLOSING);
    if (split.isPresent()) {
      ids.add(TextTokens.OPEN);
      SplitText opened = SplitText.at(split.get().before(), OPENING).orElse(split.get());
      List<String> span = opened == split.get() ? split.get().before() : opened.after();
      span.forEach(text -> ids.add(setting.tokens().piece(text)));
      ids.add(TextTokens.CLOSE);
      split.get().after().forEach(text -> ids.add(setting.tokens().piece(text)));
      return List.copyOf(ids);
    }
    Optional<SplitText> open = SplitText.at(answer, OPENING);
    if (open.isPresent()) {
      ids.add(TextTokens.OPEN);
      open.get().after().forEach(text -> ids.add(setting.tokens().piece(text)));
      return List.copyOf(ids);
    }
    // Without thinking the template has closed an empty span in the prompt.
    if (setting.mode().filter(ThinkingMode.NO_THINK::equals).isPresent()) {
      ids.add(TextTokens.CLOSE);
    }
    answer.forEach(text -> ids.add(setting.tokens().piece(text)));
    return List.copyOf(ids);
  }

  @Override
  public TokenScores score(ScoringRequest request) {
    throw new BitAtlasException(NO_SCORES);
  }
}
