package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.ThinkingMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the token ids of a text. */
@Command(name = "tokenize", description = "Show the token ids of a text.")
final class TokenizeCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(index = "0", paramLabel = "MODEL", description = ModelReference.DESCRIPTION)
  String model;

  @Parameters(index = "1", paramLabel = "TEXT", description = "The text.")
  String text;

  @Option(
      names = "--chat",
      description = "Take the text as a user message and show the whole prompt.")
  boolean chat;

  @Option(
      names = "--mode",
      paramLabel = "M",
      converter = ThinkingModes.class,
      description = "With --chat: slow_think, auto_think or no_think.")
  Optional<ThinkingMode> mode = Optional.empty();

  @Option(names = "--ids", description = "Only the ids, in one line.")
  boolean idsOnly;

  @Override
  public Integer call() {
    if (mode.isPresent() && !chat) {
      throw new UsageException("--mode asks for a chat prompt; give --chat as well.");
    }
    ChatTokenizer tokenizer = ChatTokenizers.load(ModelReference.folder(model));
    int[] ids =
        chat
            ? tokenizer.prompt(List.of(new ChatMessage("user", text)), mode)
            : tokenizer.tokenizer().encode(text, true);
    PrintWriter out = spec.commandLine().getOut();
    if (idsOnly) {
      out.println(Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(" ")));
    } else {
      for (int id : ids) {
        out.printf("%7d  %s%n", id, visible(tokenizer.tokenizer().tokenOf(id)));
      }
      out.printf("%7d  tokens%n", ids.length);
    }
    out.flush();
    return Exit.OK;
  }

  /** A token with its line breaks and other control characters written out. */
  static String visible(String token) {
    StringBuilder shown = new StringBuilder();
    token
        .codePoints()
        .forEach(character -> {
          switch (character) {
            case '\n' -> shown.append("\\n");
            case '\r' -> shown.append("\\r");
            case '\t' -> shown.append("\\t");
            default -> {
              if (Character.isISOControl(character)) {
                shown.append(String.format("\\u%04x", character));
              } else {
                shown.appendCodePoint(character);
              }
            }
          }
        });
    return shown.toString();
  }
}
