package org.bitatlas.eval.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.prompt.Adapter;
import org.bitatlas.eval.prompt.ChatForm;
import org.bitatlas.eval.prompt.DataSource;
import org.bitatlas.eval.prompt.Document;
import org.bitatlas.eval.prompt.DocumentProcess;
import org.bitatlas.eval.prompt.PromptForm;
import org.bitatlas.eval.prompt.Prompting;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.eval.prompt.Shots;
import org.bitatlas.eval.prompt.Splits;

/**
 * Reads what a harness task has in a descriptor; keys that lm-evaluation-harness has too are called
 * as there.
 */
final class HarnessTaskReader {

  private HarnessTaskReader() {}

  static LikelihoodTask likelihood(DescriptorNode node) {
    return new LikelihoodTask(
        node.text("name"),
        node.text("about"),
        prompting(node),
        switch (node.optionalText("primary").orElse("acc")) {
          case "acc" -> LikelihoodTask.Primary.ACC;
          case "acc_norm" -> LikelihoodTask.Primary.ACC_NORM;
          default -> throw node.error("primary", "acc or acc_norm");
        },
        switch (node.optionalText("floor").orElse("chance")) {
          case "chance" -> LikelihoodTask.Floor.CHANCE;
          case "majority" -> LikelihoodTask.Floor.MAJORITY;
          default -> throw node.error("floor", "chance or majority");
        });
  }

  static Prompting prompting(DescriptorNode node) {
    return new Prompting(node.text("protocol"), data(node), form(node), shots(node), ChatForm.OWN);
  }

  private static DataSource data(DescriptorNode node) {
    Splits splits =
        new Splits(
            node.optionalText("training_split"),
            node.optionalText("validation_split"),
            node.optionalText("test_split"));
    if (splits.test().or(splits::validation).or(splits::training).isEmpty()) {
      throw node.error("test_split", "a split (or validation_split, or training_split)");
    }
    Optional<String> process = node.optionalText("process_docs");
    if (process.isPresent() && DocumentProcess.named(process.get()).isEmpty()) {
      throw node.error(
          "process_docs",
          "one of " + String.join(", ", DocumentProcess.ALL.keySet().stream().sorted().toList()));
    }
    return new DataSource(
        node.text("dataset_path"),
        splits,
        subjects(node),
        process,
        node.optionalInteger("documents"),
        node.has("adapters")
            ? node.children("adapters").stream().map(HarnessTaskReader::adapter).toList()
            : List.of());
  }

  private static Adapter adapter(DescriptorNode node) {
    DescriptorNode names = node.child("fields");
    Map<String, RecordTemplate> fields = new LinkedHashMap<>();
    names.keys().forEach(name -> fields.put(name, template(names, name)));
    Adapter adapter = new Adapter(node.text("name"), node.text("file"), fields);
    node.finish();
    return adapter;
  }

  /** {@code subjects}: name of the configuration to what the description calls it. */
  private static List<DataSource.Subject> subjects(DescriptorNode node) {
    String description = node.optionalText("description").orElse("");
    if (!node.has("subjects")) {
      String configuration = node.optionalText("dataset_name").orElse("");
      return List.of(new DataSource.Subject("", configuration, description));
    }
    List<DataSource.Subject> subjects = new ArrayList<>();
    DescriptorNode names = node.child("subjects");
    for (String name : names.keys()) {
      String written = description.replace("{subject}", names.text(name));
      subjects.add(new DataSource.Subject(name, name, written));
    }
    return List.copyOf(subjects);
  }

  private static PromptForm form(DescriptorNode node) {
    Optional<PromptForm.Choices> choices = Optional.empty();
    if (node.has("doc_to_choice")) {
      choices =
          Optional.of(
              node.isText("doc_to_choice")
                  ? new PromptForm.Choices.OfRecord(template(node, "doc_to_choice"))
                  : new PromptForm.Choices.Fixed(node.texts("doc_to_choice")));
    }
    return new PromptForm(
        template(node, "doc_to_text"),
        choices,
        template(node, "doc_to_target"),
        node.optionalText("target_delimiter").orElse(" "),
        node.has("gen_prefix") ? Optional.of(template(node, "gen_prefix")) : Optional.empty(),
        node.has("choices_are_contexts") && node.bool("choices_are_contexts"));
  }

  private static Shots shots(DescriptorNode node) {
    int number = node.optionalInteger("num_fewshot").orElse(0);
    if (number < 0) {
      throw node.error("num_fewshot", "a number of examples, at least 0");
    }
    Shots.Order order =
        switch (node.optionalText("fewshot_sampler").orElse("default")) {
          case "default" -> Shots.Order.DRAWN;
          case "first_n" -> Shots.Order.FIRST;
          default -> throw node.error("fewshot_sampler", "default or first_n");
        };
    List<Document> fixed =
        node.has("fewshot_samples") ? node.documents("fewshot_samples") : List.of();
    return new Shots(
        number,
        order,
        node.optionalText("fewshot_split"),
        fixed,
        node.optionalText("fewshot_delimiter").orElse("\n\n"));
  }

  private static RecordTemplate template(DescriptorNode node, String key) {
    return RecordTemplate.parse(node.text(key));
  }
}
