package org.bitatlas.study.report;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.model.Execution;
import org.bitatlas.model.NumericsComparison;
import org.bitatlas.model.Precision;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes a comparison of two arithmetics as JSON; errors are parts of 1, divergences nats. */
public final class NumericsReport {

  /** Raised when a field changes its meaning or goes. */
  static final int SCHEMA_VERSION = 1;

  private NumericsReport() {}

  /**
   * What was compared.
   *
   * @param model the quantized model, as the user calls it
   * @param other the other machine's arithmetic
   * @param precision of what is between our integers
   */
  public record Facts(String model, Execution other, Precision precision) {}

  /**
   * Writes a JSON file; replaced when present.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when it cannot be written
   */
  public static void writeJson(NumericsComparison.Result result, Facts facts, Path file) {
    String text =
        JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValueAsString(values(result, facts))
            + "\n";
    AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  private static Map<String, Object> values(NumericsComparison.Result result, Facts facts) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("schemaVersion", SCHEMA_VERSION);
    root.put("model", facts.model());
    root.put("numerics", facts.other().numerics());
    root.put("label", facts.other().label());
    root.put("precision", facts.precision().toString());
    root.put("positions", result.positions());
    root.put("divergence", result.divergence());
    root.put("topTokenAgreement", result.agreement());
    result.oursToFloat().ifPresent(value -> root.put("cpuToFloat", value));
    result.theirsToFloat().ifPresent(value -> root.put("emulatedToFloat", value));
    List<Map<String, Object>> layers = new ArrayList<>();
    for (NumericsComparison.Layer layer : result.layers()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("module", layer.module());
      entry.put("executedAs", layer.scheme());
      entry.put("cpu", layer.ours());
      entry.put("emulated", layer.theirs());
      entry.put("apart", layer.apart());
      layers.add(entry);
    }
    root.put("layers", layers);
    return root;
  }
}
