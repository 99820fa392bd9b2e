package org.bitatlas.cli;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.prompt.ChatForm;
import org.bitatlas.eval.prompt.TextSet;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.eval.task.TextTasks;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which tasks are asked, and how their questions are put. */
final class SuiteOptions {

  @Mixin SuiteFolder folder;

  @Option(
      names = "--task",
      paramLabel = "T",
      split = ",",
      description =
          "Only this task; several with commas, or given several times (default: all; see"
              + " tasks).")
  List<String> tasks = List.of();

  @Option(
      names = "--perplexity",
      paramLabel = "TEXT",
      description =
          "Only the perplexity of a text, in windows and rolling: wikitext2, c4 or ptb (from"
              + " --suite), or a file; may be given several times.")
  List<String> perplexity = List.of();

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Tokens of its windows (default: 2048, at most the model's context).")
  Optional<Integer> window = Optional.empty();

  @Option(
      names = "--shots",
      paramLabel = "N",
      description =
          "Solved examples in front of each question of a built-in task (default: its own).")
  Optional<Integer> shots = Optional.empty();

  @Option(
      names = "--apply-chat-template",
      description =
          "Ask built-in tasks through the model's chat template: description as system message,"
              + " examples and question as one user message.")
  boolean applyChatTemplate;

  @Option(
      names = "--fewshot-as-multiturn",
      description = "With it, every example is a message of the user and one of the assistant.")
  boolean fewshotAsMultiturn;

  /**
   * Checks what the options say together.
   *
   * @throws UsageException when two exclude each other or one lacks another
   */
  void check() {
    if (window.isPresent() && (window.get() < 2 || perplexity.isEmpty())) {
      throw new UsageException("--window needs --perplexity and at least 2 tokens.");
    }
    if (fewshotAsMultiturn && !applyChatTemplate) {
      throw new UsageException("--fewshot-as-multiturn needs --apply-chat-template.");
    }
    if (!tasks.isEmpty() && !perplexity.isEmpty()) {
      throw new UsageException("Give either --task or --perplexity.");
    }
    if (shots.isPresent() && shots.get() < 0) {
      throw new UsageException("--shots is " + shots.get() + "; give at least 0.");
    }
  }

  /** Whether a text or window is asked for that a server is not asked for. */
  boolean hasOwnText() {
    return window.isPresent()
        || perplexity.stream().anyMatch(text -> TextSet.named(text).isEmpty());
  }

  /**
   * The tasks that can be asked.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when a task that is named is none of them
   */
  SuiteCatalog catalog() {
    SuiteCatalog found = folder.catalog();
    SuiteCatalog catalog = shots.map(found::withShots).orElse(found).withChat(chatForm());
    tasks.forEach(catalog::entry);
    return catalog;
  }

  private ChatForm chatForm() {
    if (!applyChatTemplate) {
      return ChatForm.OWN;
    }
    return fewshotAsMultiturn ? ChatForm.TURNS : ChatForm.ONE_TURN;
  }

  /**
   * What is asked, each task once, in the order given.
   *
   * @param context of the model in tokens, where it is known
   */
  List<SuiteCatalog.Entry> entries(SuiteCatalog catalog, OptionalInt context) {
    if (!tasks.isEmpty()) {
      return tasks.stream().distinct().map(catalog::entry).toList();
    }
    if (perplexity.isEmpty()) {
      return catalog.asked();
    }
    int tokens = window.orElse(Math.min(TextTasks.WINDOW, context.orElse(TextTasks.WINDOW)));
    return perplexity.stream()
        .flatMap(text -> TextTasks.of(catalog, text, tokens).stream())
        .toList();
  }
}
