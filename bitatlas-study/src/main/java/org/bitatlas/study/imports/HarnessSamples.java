package org.bitatlas.study.imports;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * {@code samples_TASK_DATE.jsonl} of lm-evaluation-harness: a line for every document and filter.
 *
 * @param path the file
 * @param sha256 of its bytes
 */
record HarnessSamples(Path path, String sha256) {

  /** The samples of a task that were written with {@code results_DATE.json}, if they are there. */
  static Optional<HarnessSamples> beside(ResultFile file, String task) {
    String name = file.name();
    if (!name.startsWith("results_")) {
      return Optional.empty();
    }
    String date = name.substring("results_".length()).replaceFirst("\\.json$", "");
    Path path = file.path().resolveSibling("samples_" + task + "_" + date + ".jsonl");
    if (!Files.isRegularFile(path)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new HarnessSamples(path, ResultFile.sha256(path)));
    } catch (IOException e) {
      throw new BitAtlasException("The file %s cannot be read: %s.".formatted(path, e), e);
    }
  }

  /**
   * The samples of a metric under a filter; none where the metric is not 0 or 1 for every document.
   *
   * @param mean what the results give as their mean
   * @throws BitAtlasException when the file is damaged or its mean is another one
   */
  List<SampleRecord> records(String metric, String filter, double mean) {
    List<SampleRecord> records = new ArrayList<>();
    double sum = 0;
    boolean verdicts = true;
    int number = 0;
    try (BufferedReader lines = Files.newBufferedReader(path)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        JsonNode sample = ResultFile.JSON.readTree(line);
        if (sample.path("filter").stringValue("none").equals(filter)) {
          double value = sample.path(metric).asDouble(Double.NaN);
          verdicts &= value == 0 || value == 1;
          sum += value;
          records.add(record(sample, metric, value));
        }
      }
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "%s line %d is not JSON; take the file away to import the results alone."
              .formatted(path, number),
          e);
    } catch (IOException e) {
      throw new BitAtlasException("The file %s cannot be read: %s.".formatted(path, e), e);
    }
    if (!verdicts || records.isEmpty()) {
      return List.of();
    }
    if (Math.abs(sum / records.size() - mean) > 1e-9) {
      throw new BitAtlasException(
          "The samples %s do not belong to the results: their %s is %s, not %s; take the file away to import the results alone."
              .formatted(path, metric, sum / records.size(), mean));
    }
    return List.copyOf(records);
  }

  private static SampleRecord record(JsonNode sample, String metric, double value) {
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    measures.put(metric, value);
    JsonNode first = sample.path("arguments").path("gen_args_0").path("arg_0");
    return new SampleRecord(
        sample.path("doc_id").intValue(0),
        sample.path("doc_hash").stringValue("") + sample.path("prompt_hash").stringValue(""),
        first.stringValue(""),
        sample.path("target").isString()
            ? sample.path("target").stringValue()
            : sample.path("target").toString(),
        text(sample.path("resps").path(0)),
        text(sample.path("filtered_resps").path(0)),
        value == 1,
        0,
        "IMPORTED",
        measures);
  }

  /** A reply, or the scores of the first choice as they stand there. */
  private static String text(JsonNode response) {
    JsonNode inner = response.isArray() && response.size() == 1 ? response.path(0) : response;
    return inner.isString() ? inner.stringValue() : inner.toString();
  }
}
