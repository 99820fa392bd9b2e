package org.bitatlas.eval.task;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tasks of lm-evaluation-harness that are described here: prompts, examples and metrics are
 * built in, the data comes from a folder.
 *
 * @param tasks the tasks, in the order of reports
 */
public record HarnessCatalog(List<HarnessTask> tasks) {

  private static final List<String> FILES =
      List.of(
          "piqa",
          "arc",
          "hellaswag",
          "winogrande",
          "boolq",
          "openbookqa",
          "social_iqa",
          "lambada",
          "mmlu",
          "cmmlu",
          "ceval",
          "cluewsc",
          "gsm8k",
          "math500",
          "humaneval",
          "mbpp",
          "ifeval",
          "drop",
          "aime",
          "gpqa");

  /** Read once, when it is first asked for. */
  private static final class Holder {
    static final HarnessCatalog BUILT_IN = read();
  }

  /** The built-in tasks. */
  public static HarnessCatalog builtIn() {
    return Holder.BUILT_IN;
  }

  private static HarnessCatalog read() {
    List<HarnessTask> tasks = new ArrayList<>();
    for (String file : FILES) {
      String name = "harness/" + file + ".yaml";
      for (Task task : Descriptor.read(name, resource(name)).tasks()) {
        tasks.add((HarnessTask) task);
      }
    }
    return new HarnessCatalog(List.copyOf(tasks));
  }

  static byte[] resource(String name) {
    try (InputStream in = HarnessCatalog.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            "The embedded resource " + name + " is missing; the installation is damaged.");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("The embedded resource " + name + " cannot be read.", e);
    }
  }

  /** The task of a name; {@code mmlu_anatomy} is the subject {@code anatomy} of {@code mmlu}. */
  public Optional<HarnessTask> task(String name) {
    return tasks.stream()
        .filter(task -> task.name().equals(name))
        .findFirst()
        .or(() -> tasks.stream().flatMap(task -> subject(task, name).stream()).findFirst());
  }

  private static Optional<HarnessTask> subject(HarnessTask task, String name) {
    String start = task.name() + "_";
    return name.startsWith(start)
        ? task.prompting()
            .ofSubject(name.substring(start.length()))
            .map(prompting -> task.with(name, prompting))
        : Optional.empty();
  }
}
