package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.metric.AnswerRule;
import org.bitatlas.eval.prompt.AdaptedDataFolder;
import org.bitatlas.eval.prompt.ChatForm;
import org.bitatlas.eval.prompt.DataFolder;
import org.bitatlas.eval.prompt.DataSource;
import org.bitatlas.eval.prompt.Document;
import org.bitatlas.eval.prompt.DropAnswers;
import org.bitatlas.eval.prompt.LocalDataFolder;
import org.bitatlas.eval.prompt.Prompt;
import org.bitatlas.eval.prompt.Prompts;
import org.bitatlas.eval.prompt.Target;
import org.bitatlas.eval.prompt.Turn;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;

/** Makes the items of a harness task from its prompts. */
final class HarnessReader {

  private HarnessReader() {}

  static boolean isIn(HarnessTask task, Path root) {
    return LocalDataFolder.find(root, task.name(), task.prompting().data()).isPresent()
        || AdaptedDataFolder.find(root, task.prompting().data()).isPresent();
  }

  /** The task with its data; where an adapter read it, the task says so. */
  static SuiteCatalog.Ready open(HarnessTask task, Path root) {
    DataSource data = task.prompting().data();
    Optional<LocalDataFolder> local = LocalDataFolder.find(root, task.name(), data);
    if (local.isPresent()) {
      return new SuiteCatalog.Ready(task, read(task, root, local.get()));
    }
    AdaptedDataFolder adapted =
        AdaptedDataFolder.find(root, data)
            .orElseThrow(() -> new BitAtlasException(missing(task, root) + "."));
    HarnessTask other = task.with(task.name(), task.prompting().adapted(adapted.adapter()));
    return new SuiteCatalog.Ready(other, read(other, root, adapted));
  }

  /** Why a task has no data, and the remedy, without a full stop. */
  static String missing(HarnessTask task, Path root) {
    DataSource data = task.prompting().data();
    String split = data.splits().asked();
    Path file =
        root.resolve(task.name())
            .resolve(data.subjects().getFirst().configuration())
            .resolve(split + ".jsonl");
    return "the folder %s has no data of the task %s: ./bitatlas download datasets/%s --into %s brings it from the hub; or write it there as JSON Lines (in Python datasets.load_dataset(\"%s\"%s)[\"%s\"].to_json(\"%s\")%s)"
        .formatted(
            root,
            task.name(),
            data.repository(),
            root,
            data.repository(),
            data.subjects().getFirst().configuration().isEmpty()
                ? ""
                : ", \"" + data.subjects().getFirst().configuration() + "\"",
            split,
            file,
            data.subjects().size() > 1 ? " and the same for the other subjects" : "");
  }

  private static Suite read(HarnessTask task, Path root, DataFolder folder) {
    Prompts prompts = Prompts.of(task.prompting(), folder);
    List<Item> items =
        prompts.prompts().stream()
            .map(prompt ->
                switch (task) {
                  case LikelihoodTask likelihood -> likelihood(likelihood, prompt);
                  case ReplyTask reply -> reply(reply, prompt);
                })
            .toList();
    boolean parts = task.prompting().data().subjects().size() > 1;
    List<String> clusters =
        parts ? prompts.prompts().stream().map(Prompt::subject).toList() : List.of();
    return new Suite(root, prompts.digest(), items, clusters, prompts.notes());
  }

  private static Item reply(ReplyTask task, Prompt prompt) {
    Document document = prompt.document();
    String prefix =
        task.prompting().form().answerPrefix().map(start -> start.render(document)).orElse("");
    List<ChatMessage> messages = messages(task, prompt, prefix);
    String user = messages.getLast().content();
    List<ChatMessage> before = messages.subList(0, messages.size() - 1);
    return switch (task.score()) {
      case ReplyScore.Programs programs ->
          new Item.Program(
              prompt.index(),
              user,
              programs.prefix().render(document),
              programs.checks().render(document),
              prefix,
              before);
      case ReplyScore.Answers answers -> {
        // The first rule says what a right answer is.
        AnswerRule first = answers.rules().firstEntry().getValue();
        String target = text(prompt);
        if (first.expected(target).isEmpty()) {
          throw new BitAtlasException(
              "%s: the expected answer \"%s\" has no %s."
                  .formatted(document.place(), target, first.describe()));
        }
        yield item(prompt, user, prefix, before);
      }
      case ReplyScore.InstructionChecks _ -> {
        RecordInstructions.of(document);
        yield item(prompt, user, prefix, before);
      }
      case ReplyScore.Drop _ -> {
        DropAnswers.of(document);
        yield item(prompt, user, prefix, before);
      }
    };
  }

  /** The messages in front of a reply; as one of the user where the task says nothing else. */
  private static List<ChatMessage> messages(HarnessTask task, Prompt prompt, String prefix) {
    ChatForm chat = task.prompting().chat();
    if (chat != ChatForm.OWN) {
      return chat.messages(prompt.turns());
    }
    String context = prompt.context();
    String user = context.substring(0, context.length() - prefix.length());
    return List.of(new ChatMessage("user", user));
  }

  private static Item item(Prompt prompt, String user, String prefix, List<ChatMessage> before) {
    return new Item.Reply(
        prompt.index(),
        prompt.subject(),
        prompt.question(),
        user,
        prefix,
        text(prompt),
        prompt.document(),
        before);
  }

  private static String text(Prompt prompt) {
    return switch (prompt.target()) {
      case Target.Text text -> text.text();
      case Target.Choice choice -> prompt.choices().get(choice.index());
    };
  }

  private static Item likelihood(LikelihoodTask task, Prompt prompt) {
    return switch (prompt.target()) {
      case Target.Text text ->
          new Item.Likelihood(
              prompt.index(),
              prompt.subject(),
              prompt.question(),
              // lm-evaluation-harness puts no delimiter in front of a text that is not a choice.
              List.of(continuation(task, prompt.turns(), text.text())),
              List.of(),
              0);
      case Target.Choice gold ->
          new Item.Likelihood(
              prompt.index(),
              prompt.subject(),
              prompt.question(),
              continuations(task, prompt),
              prompt.choices(),
              gold.index());
    };
  }

  private static List<Item.Continuation> continuations(LikelihoodTask task, Prompt prompt) {
    // Behind a chat template nothing stands between question and choice.
    boolean plain = task.prompting().chat() == ChatForm.OWN;
    String delimiter = plain ? task.prompting().form().targetDelimiter() : "";
    if (!task.prompting().form().contextsAreChoices()) {
      return prompt.choices().stream()
          .map(choice -> continuation(task, prompt.turns(), delimiter + choice))
          .toList();
    }
    String rest = delimiter + task.prompting().form().target().render(prompt.document());
    return prompt.choices().stream()
        .map(choice -> continuation(task, prompt.turns(choice), rest))
        .toList();
  }

  private static Item.Continuation continuation(
      LikelihoodTask task, List<Turn> turns, String text) {
    ChatForm chat = task.prompting().chat();
    return chat == ChatForm.OWN
        ? new Item.Continuation(Turn.text(turns), text)
        : new Item.Continuation(chat.messages(turns), "", text);
  }
}
