package org.bitatlas.format;

import java.util.List;
import java.util.SequencedMap;

/**
 * What an export will write, stated before anything is written.
 *
 * @param format the format
 * @param weights the weights
 * @param files other files that the format makes, by name: {@code config.json} with its
 *     quantization section, a description; they replace carried files of the same name
 * @param carriesModelFiles whether configuration, tokenizer and chat template files are carried
 *     along; licences and notices are in any case
 * @param notes what a user should know, one sentence each: a loader that rounds scales, a key that
 *     only some loaders know
 */
public record ExportPlan(
    FormatName format,
    WeightFiles weights,
    SequencedMap<String, byte[]> files,
    boolean carriesModelFiles,
    List<String> notes) {}
