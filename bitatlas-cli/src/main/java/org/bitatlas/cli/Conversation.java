package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
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
   * @param maxNewTokens longest reply
   */
  record Settings(Optional<ThinkingMode> mode, Sampling sampling, int maxNewTokens) {

    /** The model's defaults with what the user asks for instead. */
    static Settings of(
        SamplingDefaults defaults,
        Optional<ThinkingMode> mode,
        Optional<Double> temperature,
        Optional<Double> topP,
        Optional<Integer> topK,
        long seed,
        int maxNewTokens) {
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
      return new Settings(mode, sampling, maxNewTokens);
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
    int budget = Math.min(settings.maxNewTokens(), context - prompt.length);
    if (budget < 1) {
      throw new BitAtlasException(
          "The conversation has %d tokens and the model's context %d; shorten the message or begin a new conversation."
              .formatted(prompt.length, context));
    }
    ReplyPrinter printer = new ReplyPrinter(model.tokenizer(), answer, thinking, terminal);
    Generation generation =
        model.language().stream(
            new GenerationRequest(prompt, budget, sampling(), model.tokenizer().stopIds()),
            id -> {
              printer.accept(id);
              return !stopped.getAsBoolean();
            });
    printer.finish();
    messages.add(new ChatMessage("user", message));
    messages.add(new ChatMessage("assistant", printer.answer()));
    return switch (generation.reason()) {
      case STOP_TOKEN -> Optional.empty();
      case LENGTH -> Optional.of("cut after " + budget + " tokens");
      case NON_FINITE -> Optional.of("the model computed a value that is not finite");
      case CANCELLED -> Optional.of("stopped");
    };
  }

  /** The settings' sampling with another seed for each reply of the conversation. */
  private Sampling sampling() {
    return switch (settings.sampling()) {
      case Sampling.Greedy greedy -> greedy;
      case Sampling.Random random ->
          new Sampling.Random(
              random.temperature(), random.topK(), random.topP(), random.seed() + messages.size());
    };
  }
}
