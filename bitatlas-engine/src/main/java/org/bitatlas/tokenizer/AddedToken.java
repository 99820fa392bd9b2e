package org.bitatlas.tokenizer;

/**
 * A token that is split off the text before the model's own segmentation ({@code
 * added_tokens_decoder} of tokenizer_config.json).
 *
 * @param id token id
 * @param content exact text
 * @param special whether the file calls it special
 * @param singleWord whether it is recognised only between spaces or text ends
 * @param stripLeft whether white space to its left is swallowed ({@code lstrip})
 * @param stripRight whether white space to its right is swallowed ({@code rstrip})
 */
record AddedToken(
    int id,
    String content,
    boolean special,
    boolean singleWord,
    boolean stripLeft,
    boolean stripRight) {

  /** A token without flags. */
  static AddedToken plain(int id, String content) {
    return new AddedToken(id, content, true, false, false, false);
  }
}
