package org.bitatlas.study.imports;

import java.util.List;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.RunRecord;

/**
 * A cell read from a file.
 *
 * @param record the record, its origin among its inputs
 * @param samples its items, where the file or one beside it has them
 */
public record Imported(RunRecord record, List<SampleRecord> samples) {}
