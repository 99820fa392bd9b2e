package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.prompt.RecordTemplate;

/**
 * The data of one task, validated.
 *
 * @param file where it was read
 * @param digest SHA-256 of the file's bytes, in hexadecimal
 * @param items the items in file order
 * @param clusters what each item belongs to (a subject, a passage), in file order; empty when every
 *     item stands alone
 * @param notes what is remarkable about the data (another number of records than the published set
 *     has, an adapter that read it); goes into the record of a result
 */
public record Suite(
    Path file, String digest, List<Item> items, List<String> clusters, List<String> notes) {

  /** Data whose items stand alone. */
  public Suite(Path file, String digest, List<Item> items) {
    this(file, digest, items, List.of(), List.of());
  }

  /** What the item at a position of the file belongs to; empty when it stands alone. */
  public String cluster(int index) {
    return index < clusters.size() ? clusters.get(index) : "";
  }

  /**
   * Reads and validates the data of {@code task}.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when the file cannot be read or a record does not
   *     fit the task; the message names file, line and field
   */
  public static Suite load(Task task, Path file) {
    return SuiteReader.read(task, file, Optional.empty());
  }

  /** The same, with the cluster of each item over the fields of its record. */
  static Suite load(Task task, Path file, Optional<RecordTemplate> cluster) {
    return SuiteReader.read(task, file, cluster);
  }

  /**
   * Reads the data of a task with the fields of Hugging Face and makes its prompts.
   *
   * @param root folder of data sets, see {@link org.bitatlas.eval.prompt.LocalDataFolder}
   * @throws org.bitatlas.tensor.BitAtlasException when a file is missing or a record does not fit
   *     the task; the message names the place
   */
  public static Suite load(HarnessTask task, Path root) {
    return HarnessReader.open(task, root).suite();
  }
}
