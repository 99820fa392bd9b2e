package org.bitatlas.eval.prompt;

import java.util.List;

/** Records of a data set, wherever they lie. */
public interface DataFolder {

  /**
   * The records of a split.
   *
   * @param configuration configuration of the data set, empty for its only one
   * @param split name of the split
   * @throws org.bitatlas.tensor.BitAtlasException when there is no file of it, or it is not valid;
   *     the message names the place
   */
  List<Document> read(String configuration, String split);

  /** SHA-256 over names and bytes of all files that were read. */
  String digest();

  /** What is remarkable about the data, for the record of a result. */
  List<String> notes();
}
