package org.bitatlas.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bitatlas.eval.ThinkingBudget;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Talks to a model in the terminal. */
@Command(
    name = "chat",
    description = "Talk to a model; its thinking is shown dimmed, apart from the answer.",
    footer = {
      "",
      "In a conversation: /clear begins a new one, /quit or Ctrl-D ends, Ctrl-C stops",
      "the reply. In a pipe each line of the input is a message, and only the answers",
      "go to standard output."
    })
final class ChatCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Mixin EngineOptions engine;

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      defaultValue = ModelReference.NANO,
      description = ModelReference.DESCRIPTION + " Default: nano.")
  String model;

  @Option(
      names = "--mode",
      paramLabel = "M",
      converter = ThinkingModes.class,
      description = "slow_think, auto_think or no_think (default: the model's own).")
  Optional<ThinkingMode> mode = Optional.empty();

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0 takes the most probable token (default: as the model's folder says).")
  Optional<Double> temperature = Optional.empty();

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw from the smallest set of tokens with this probability.")
  Optional<Double> topP = Optional.empty();

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Draw from the K most probable tokens; 0 for all.")
  Optional<Integer> topK = Optional.empty();

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Seed of the random draws (default: ${DEFAULT-VALUE}).")
  long seed;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      defaultValue = "512",
      description = "Longest reply (default: ${DEFAULT-VALUE}, or what the context allows).")
  int maxNewTokens;

  @Mixin ThinkingBudgetOption thinkingBudget;

  @Option(names = "--prompt", paramLabel = "TEXT", description = "Ask this one message and end.")
  Optional<String> prompt = Optional.empty();

  private final AtomicBoolean stopped = new AtomicBoolean();

  @Override
  public Integer call() throws IOException {
    if (maxNewTokens < 1) {
      throw new UsageException("--max-new-tokens is " + maxNewTokens + "; give at least 1.");
    }
    OptionalInt thinkingTokens = thinkingBudget.tokens();
    try (LoadedModel loaded = LoadedModel.load(model, engine)) {
      Conversation.Settings settings =
          Conversation.Settings.of(
              loaded.tokenizer().sampling(),
              mode,
              temperature,
              topP,
              topK,
              seed,
              maxNewTokens,
              thinkingTokens.isPresent()
                  ? Optional.of(
                      ThinkingBudget.limit(
                          loaded.tokenizer().thinking(), thinkingTokens.getAsInt()))
                  : Optional.empty());
      Conversation conversation = new Conversation(loaded, settings);
      if (prompt.isPresent()) {
        ask(conversation, prompt.get(), spec.commandLine().getOut(), Screen.showsOutput());
        return Exit.OK;
      }
      return Screen.showsOutput() && System.console() != null
          ? interactive(conversation)
          : lines(conversation);
    }
  }

  private int lines(Conversation conversation) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (line.strip().equals("/clear")) {
        conversation.clear();
      } else if (!line.isBlank()) {
        ask(conversation, line, spec.commandLine().getOut(), Screen.showsOutput());
      }
    }
    return Exit.OK;
  }

  private int interactive(Conversation conversation) throws IOException {
    try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
      terminal.handle(Terminal.Signal.INT, _ -> stopped.set(true));
      LineReader reader = LineReaderBuilder.builder().terminal(terminal).build();
      reader.option(LineReader.Option.DISABLE_EVENT_EXPANSION, true);
      PrintWriter out = terminal.writer();
      out.println(model + ": /clear begins anew, Ctrl-C stops a reply, Ctrl-D ends.");
      while (true) {
        String line;
        try {
          line = reader.readLine("> ").strip();
        } catch (UserInterruptException e) {
          out.println("Ctrl-D or /quit ends the conversation.");
          continue;
        } catch (EndOfFileException e) {
          return Exit.OK;
        }
        switch (line) {
          case "" -> {}
          case "/quit", "/exit" -> {
            return Exit.OK;
          }
          case "/clear" -> conversation.clear();
          default -> askOrExplain(conversation, line, out);
        }
      }
    }
  }

  /** A message that cannot be answered does not end the conversation. */
  private void askOrExplain(Conversation conversation, String message, PrintWriter out) {
    try {
      ask(conversation, message, out, true);
    } catch (BitAtlasException e) {
      out.println(e.getMessage());
      out.flush();
    }
  }

  private void ask(Conversation conversation, String message, PrintWriter out, boolean terminal) {
    stopped.set(false);
    PrintWriter thinking = terminal ? out : spec.commandLine().getErr();
    conversation
        .ask(message, out, thinking, terminal, stopped::get)
        .ifPresent(note -> {
          thinking.println("(" + note + ")");
          thinking.flush();
        });
  }
}
