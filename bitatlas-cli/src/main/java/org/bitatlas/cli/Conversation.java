package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ThinkingLimit;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.SamplingDefaults;
import org.bitatlas.tokenizer.ThinkingMode;

/** The messages so far and how the next reply is made. */
final class Conversation {

  /**
   * How replies are made.
   *
   * @param mode thinking mode; empty for the model's own
   * @param sampling how tokens are chosen
   * @param maxNewTokens longest reply, or longest answer where the thinking has its own budget
   * @param thinking budget of the thinking, where it has its own
   */
  record Settings(
      Optional<ThinkingMode> mode,
      Sampling sampling,
      int maxNewTokens,
      Optional<ThinkingLimit> thinking) {

    /** The model's defaults with what the user asks for instead. */
    static Settings of(
        SamplingDefaults defaults,
        Optional<ThinkingMode> mode,
        Optional<Double> temperature,
        Optional<Double> topP,
        Optional<Integer> topK,
        long seed,
        int maxNewTokens,
        Optional<ThinkingLimit> thinking) {
      boolean draws = temperature.map(t -> t != 0).orElse(defaults.sample());
      if (temperature.isEmpty() && (topP.isPresent() || topK.isPresent())) {
        draws = true;
      }
      Sampling sampling =
          draws
              ? new Sampling.Random(
                  temperature.orElse(defaults.temperature()),
                  topK.orElse(defaults.topK()),
                  topP.orElse(defaults.topP()),
                  seed)
              : new Sampling.Greedy();
      return new Settings(mode, sampling, maxNewTokens, thinking);
    }
  }

  private final LoadedModel model;
  private final Settings settings;
  private final List<ChatMessage> messages = new ArrayList<>();

  Conversation(LoadedModel model, Settings settings) {
    this.model = model;
    this.settings = settings;
  }

  /** Forgets all messages. */
  void clear() {
    messages.clear();
  }

  /**
   * Asks a message and writes the reply as it comes. A message that fails is not kept.
   *
   * @return what a user must know about the reply, if anything
   */
  Optional<String> ask(
      String message,
      PrintWriter answer,
      PrintWriter thinking,
      boolean terminal,
      BooleanSupplier stopped) {
    List<ChatMessage> asked = new ArrayList<>(messages);
    asked.add(new ChatMessage("user", message));
    int[] prompt = model.tokenizer().prompt(asked, settings.mode());
    int context = model.transformer().architecture().maxPositions();
    int thinkingTokens = settings.thinking().map(ThinkingLimit::most).orElse(0);
    int budget = Math.min(settings.maxNewTokens(), context - prompt.length - thinkingTokens);
    if (budget < 1) {
      throw new BitAtlasException(
          "The conversation has %d tokens%s and the model's context %d; shorten the message or begin a new conversation."
              .formatted(
                  prompt.length,
                  thinkingTokens == 0 ? "" : ", its thinking up to " + thinkingTokens,
                  context));
    }
    ReplyPrinter printer = new ReplyPrinter(model.tokenizer(), answer, thinking, terminal);
    Generation generation =
        model.language().stream(
            new GenerationRequest(
                prompt, budget, sampling(), model.tokenizer().stopIds(), settings.thinking()),
            id -> {
              printer.accept(id);
              return !stopped.getAsBoolean();
            });
    boolean unfinishedThinking = printer.thinking();
    printer.finish();
    messages.add(new ChatMessage("user", message));
    messages.add(new ChatMessage("assistant", printer.answer()));
    return note(generation, budget, unfinishedThinking);
  }

  private Optional<String> note(Generation generation, int budget, boolean unfinishedThinking) {
    Optional<String> end =
        switch (generation.reason()) {
          case STOP_TOKEN, REACHED_END -> Optional.empty();
          case LENGTH ->
              Optional.of(
                  "cut after %d tokens%s"
                      .formatted(
                          budget,
                          unfinishedThinking
                              ? " in its thinking, so there is no answer; --thinking-budget keeps"
                                  + " tokens for one"
                              : ""));
          case NON_FINITE -> Optional.of("the model computed a value that is not finite");
          case CANCELLED -> Optional.of("stopped");
        };
    if (!generation.thinkingCut()) {
      return end;
    }
    String cut =
        "thinking cut after %d tokens"
            .formatted(settings.thinking().map(ThinkingLimit::tokens).orElse(0));
    return Optional.of(end.map(other -> cut + "; answer " + other).orElse(cut));
  }

  /** The settings' sampling with another seed for each reply of the conversation. */
  private Sampling sampling() {
    return switch (settings.sampling()) {
      case Sampling.Greedy greedy -> greedy;
      case Sampling.Beam beam -> beam;
      case Sampling.Random random ->
          new Sampling.Random(
              random.temperature(), random.topK(), random.topP(), random.seed() + messages.size());
    };
  }
}
