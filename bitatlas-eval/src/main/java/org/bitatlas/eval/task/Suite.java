package org.bitatlas.eval.task;

import java.nio.file.Path;
import java.util.List;

/**
 * The data of one task, validated.
 *
 * @param file where it was read
 * @param digest SHA-256 of the file's bytes, in hexadecimal
 * @param items the items in file order
 */
public record Suite(Path file, String digest, List<Item> items) {

  /**
   * Reads and validates the data of {@code task}.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when the file cannot be read or a record does not
   *     fit the task; the message names file, line and field
   */
  public static Suite load(Task task, Path file) {
    return SuiteReader.read(task, file);
  }
}
