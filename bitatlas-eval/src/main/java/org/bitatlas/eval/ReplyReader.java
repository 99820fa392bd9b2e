package org.bitatlas.eval;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ThinkingLimit;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingSplit;

/**
 * Asks in the model's own form and reads what it wrote.
 *
 * @param tokenizer of the model, with its template and thinking protocol
 * @param mode thinking mode to ask for; empty for a model without
 * @param sampling how tokens are chosen; a random one gets its own seed for every item
 * @param limit budget of the thinking, where it has its own
 * @param stops texts that end the answer
 */
record ReplyReader(
    ChatTokenizer tokenizer,
    Optional<ThinkingMode> mode,
    Sampling sampling,
    Optional<ThinkingLimit> limit,
    List<String> stops) {

  /** Without stop texts. */
  ReplyReader(
      ChatTokenizer tokenizer,
      Optional<ThinkingMode> mode,
      Sampling sampling,
      Optional<ThinkingLimit> limit) {
    this(tokenizer, mode, sampling, limit, List.of());
  }

  /** The same with stop texts. */
  ReplyReader withStops(List<String> texts) {
    return new ReplyReader(tokenizer, mode, sampling, limit, texts);
  }

  /**
   * What a model wrote.
   *
   * @param generation its tokens, and why it ended
   * @param split its thinking and its answer
   * @param text all of it
   * @param answer what may be scored; empty where a thinking span was not closed
   * @param limited whether the thinking had a budget of its own
   */
  record Reply(
      Generation generation,
      ThinkingSplit split,
      String text,
      Optional<String> answer,
      boolean limited) {

    boolean finite() {
      return generation.reason() != Generation.Reason.NON_FINITE;
    }

    /** How the reply ended, when {@code found} says whether its answer had what was looked for. */
    String outcome(boolean found) {
      if (!finite()) {
        return "NON_FINITE";
      }
      if (answer.isEmpty()) {
        return "UNCLOSED";
      }
      if (generation.reason() == Generation.Reason.LENGTH) {
        return "TRUNCATED";
      }
      return found ? "CLOSED" : "NO_ANSWER";
    }

    /** Lengths and repetition. */
    SequencedMap<String, Double> measures() {
      SequencedMap<String, Double> measures = new LinkedHashMap<>();
      List<Integer> ids = generation.tokenIds();
      measures.put("thinking_tokens", (double) split.thinking().size());
      if (limited) {
        measures.put("thinking_cut", generation.thinkingCut() ? 1.0 : 0.0);
      }
      measures.put("truncated", generation.reason() == Generation.Reason.LENGTH ? 1.0 : 0.0);
      CollapseMark.put(measures, ids);
      return measures;
    }
  }

  GenerationRequest request(
      int index, List<ChatMessage> messages, String answerPrefix, int budget) {
    return new GenerationRequest(
        prompt(messages, answerPrefix),
        budget,
        samplingOf(index),
        tokenizer.stopIds(),
        limit,
        stopTexts().map(stop -> stop));
  }

  private Optional<StopTexts> stopTexts() {
    return stops.isEmpty()
        ? Optional.empty()
        : Optional.of(new StopTexts(stops, tokenizer.tokenizer(), this::answer));
  }

  private int[] prompt(List<ChatMessage> messages, String answerPrefix) {
    if (tokenizer.template().isEmpty() && mode.isEmpty() && messages.size() == 1) {
      String user = messages.getFirst().content();
      return tokenizer.tokenizer().encode(user + answerPrefix, true);
    }
    int[] asked = tokenizer.prompt(messages, mode);
    int[] begun =
        answerPrefix.isEmpty() ? new int[0] : tokenizer.tokenizer().encode(answerPrefix, false);
    return IntStream.concat(Arrays.stream(asked), Arrays.stream(begun)).toArray();
  }

  private Sampling samplingOf(int index) {
    return switch (sampling) {
      case Sampling.Greedy greedy -> greedy;
      case Sampling.Beam beam -> beam;
      case Sampling.Random random ->
          new Sampling.Random(
              random.temperature(),
              random.topK(),
              random.topP(),
              new SplittableRandom(random.seed() + index).nextLong());
    };
  }

  Reply read(Generation generation) {
    Generation ended = stopTexts().map(stop -> upTo(stop, generation)).orElse(generation);
    List<Integer> ids = ended.tokenIds();
    return new Reply(
        ended,
        ThinkingSplit.of(ids, tokenizer.thinking()),
        tokenizer.tokenizer().decode(ids, false),
        answer(ids)
            .map(answer -> StopTexts.cut(tokenizer.tokenizer().decode(answer, false), stops)),
        limit.isPresent());
  }

  // Not every model looks at stop texts while it writes; what it wrote after one is no reply.
  private static Generation upTo(StopTexts stop, Generation generation) {
    int length = stop.length(generation.tokenIds());
    return length == generation.tokenIds().size()
        ? generation
        : new Generation(
            List.copyOf(generation.tokenIds().subList(0, length)),
            Generation.Reason.REACHED_END,
            generation.thinkingCut());
  }

  /** The ids that may be scored, empty where a thinking span was not closed. */
  private Optional<List<Integer>> answer(List<Integer> ids) {
    ThinkingSplit split = ThinkingSplit.of(ids, tokenizer.thinking());
    // A thinking model that was asked in a mode answers after a closed span only, even when it
    // never opened one: scoring the text would credit reasoning that happens to contain the answer.
    boolean answered =
        switch (split.outcome()) {
          case CLOSED -> true;
          case UNCLOSED -> false;
          case NO_SPAN -> mode.isEmpty() || tokenizer.thinking().closeId().isEmpty();
        };
    return answered ? Optional.of(split.answer()) : Optional.empty();
  }
}
