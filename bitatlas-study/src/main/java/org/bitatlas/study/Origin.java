package org.bitatlas.study;

/**
 * Where a record comes from that BitAtlas's own engine did not make, or not here: value of the
 * input {@value #INPUT} of its key. A record of the engine has no such input.
 */
public final class Origin {
  /** Name of the input. */
  public static final String INPUT = "origin";

  /** Asked here, computed by a server. */
  public static final String ENDPOINT = "endpoint";

  /** Made by BitAtlas's engine on another platform than the other records of the store. */
  public static final String MERGED = "merged";

  /** What the value of an imported record begins with; the file follows. */
  public static final String IMPORTED = "imported from ";

  private Origin() {}

  /** Whether a record was read from a file of another program. */
  public static boolean isImported(RunRecord record) {
    return record.inputs().getOrDefault(INPUT, "").startsWith(IMPORTED);
  }

  /** Whether a record was made by something else than BitAtlas's engine, or elsewhere. */
  public static boolean isForeign(RunRecord record) {
    return record.inputs().containsKey(INPUT);
  }
}
