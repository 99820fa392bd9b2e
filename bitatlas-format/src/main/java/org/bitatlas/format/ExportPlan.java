package org.bitatlas.format;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.TensorData;
import tools.jackson.databind.node.ObjectNode;

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
    List<String> notes) {

  /**
   * Safetensors files beside a {@code config.json} that says how they are quantized.
   *
   * @param section {@code quantization_config}
   */
  public static ExportPlan configured(
      FormatName format,
      ExportSource source,
      List<TensorData> tensors,
      ObjectNode section,
      List<String> notes) {
    ObjectNode configuration = source.configuration().deepCopy();
    configuration.set("quantization_config", section);
    SequencedMap<String, byte[]> files = new LinkedHashMap<>();
    files.put("config.json", JsonFile.content(configuration));
    SequencedMap<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
    return new ExportPlan(
        format, new WeightFiles.Safetensors("model", tensors, metadata), files, true, notes);
  }
}
