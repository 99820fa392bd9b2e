package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.List;
import org.bitatlas.eval.prompt.DataFolder;
import org.bitatlas.eval.prompt.Prompt;
import org.bitatlas.eval.prompt.Prompts;
import org.bitatlas.eval.prompt.Target;

/** Makes the items of a harness task from its prompts. */
final class HarnessReader {

  private HarnessReader() {}

  static Suite read(HarnessTask task, Path root, DataFolder folder) {
    Prompts prompts = Prompts.of(task.prompting(), folder);
    List<Item> items =
        prompts.prompts().stream()
            .map(prompt ->
                switch (task) {
                  case LikelihoodTask likelihood -> likelihood(likelihood, prompt);
                })
            .toList();
    boolean parts = task.prompting().data().subjects().size() > 1;
    List<String> clusters =
        parts ? prompts.prompts().stream().map(Prompt::subject).toList() : List.of();
    return new Suite(root, prompts.digest(), items, clusters, prompts.notes());
  }

  private static Item likelihood(LikelihoodTask task, Prompt prompt) {
    String delimiter = task.prompting().form().targetDelimiter();
    return switch (prompt.target()) {
      case Target.Text text ->
          new Item.Likelihood(
              prompt.index(),
              prompt.subject(),
              prompt.question(),
              // lm-evaluation-harness puts no delimiter in front of a text that is not a choice.
              List.of(new Item.Continuation(prompt.context(), text.text())),
              List.of(),
              0);
      case Target.Choice gold ->
          new Item.Likelihood(
              prompt.index(),
              prompt.subject(),
              prompt.question(),
              continuations(task, prompt, delimiter),
              prompt.choices(),
              gold.index());
    };
  }

  private static List<Item.Continuation> continuations(
      LikelihoodTask task, Prompt prompt, String delimiter) {
    if (!task.prompting().form().contextsAreChoices()) {
      return prompt.choices().stream()
          .map(choice -> new Item.Continuation(prompt.context(), delimiter + choice))
          .toList();
    }
    String rest = delimiter + task.prompting().form().target().render(prompt.document());
    return prompt.choices().stream()
        .map(choice -> new Item.Continuation(prompt.before() + choice, rest))
        .toList();
  }
}
