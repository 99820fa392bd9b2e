package org.bitatlas.study;

import java.util.List;
import org.bitatlas.eval.SampleRecord;

/**
 * SHA-256 of a whole record with its samples, as the store writes them: what a report vouches for.
 */
public final class RecordDigest {
  private RecordDigest() {}

  /** Lower-case hexadecimal digest. */
  public static String of(RunRecord record, List<SampleRecord> samples) {
    return RecordKey.sha256(
        RecordJson.text(record) + "\n" + RecordJson.text(samples.toArray(SampleRecord[]::new)));
  }
}
