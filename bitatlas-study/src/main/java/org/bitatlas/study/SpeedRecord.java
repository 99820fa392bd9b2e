package org.bitatlas.study;

/**
 * How a measurement of speed stands in the record store: a record per scheme with the medians over
 * the rounds as metrics, and a sample per round with its seconds. It is measured on the machine
 * that its inputs name, never predicted.
 */
public final class SpeedRecord {
  /** Name of the input that only records of speed have: what was measured, and its version. */
  public static final String INPUT = "bench";

  /** Method of their rows. */
  public static final String METHOD = "bench";

  /** Name of their task. */
  public static final String TASK = "speed";

  /** Seconds from the request to the first token, of a prompt: a measure of every round. */
  public static final String PREFILL = "prefill_seconds";

  /** Seconds of all tokens after the first. */
  public static final String DECODE = "decode_seconds";

  /** What the seconds of a phase of the prefill begin with; its name in lower case follows. */
  public static final String PREFILL_PHASE = "prefill.";

  /** What the seconds of a phase of decoding begin with. */
  public static final String DECODE_PHASE = "decode.";

  private SpeedRecord() {}

  /** Whether a record is one of speed measured by BitAtlas. */
  public static boolean is(RunRecord record) {
    return record.inputs().containsKey(INPUT);
  }
}
