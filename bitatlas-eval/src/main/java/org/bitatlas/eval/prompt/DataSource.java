package org.bitatlas.eval.prompt;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which data set a task asks.
 *
 * @param repository name on the Hugging Face hub, for example {@code baber/piqa}
 * @param splits its splits
 * @param subjects its parts, at least one
 * @param process what is done to a record before the templates see it
 * @param documents records of the asked split in the published set, all subjects together
 * @param adapters for files in other layouts
 */
public record DataSource(
    String repository,
    Splits splits,
    List<Subject> subjects,
    Optional<String> process,
    OptionalInt documents,
    List<Adapter> adapters) {

  /**
   * A part of a data set with its own prompt.
   *
   * @param name name for reports; empty for a set that is one part
   * @param configuration configuration of the data set; empty for its only one
   * @param description text in front of the examples
   */
  public record Subject(String name, String configuration, String description) {}

  /** One of the subjects alone, of which the number of records is not known here. */
  DataSource withSubject(Subject subject) {
    return new DataSource(
        repository, splits, List.of(subject), process, OptionalInt.empty(), adapters);
  }
}
