package org.bitatlas.study.diagnosis;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.AtomicFile;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.sensitivity.BlockDrift;
import org.bitatlas.quant.sensitivity.ErrorGrowth;
import org.bitatlas.quant.sensitivity.LayerAlone;
import org.bitatlas.quant.sensitivity.SensitivityListener;
import org.bitatlas.quant.sensitivity.SingleLayers;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.study.CellModels;
import org.bitatlas.study.RunRecord;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What running the model of a row tells beyond its records: the damage of each layer alone, and how
 * the error grows. Weights and activations are as quantized, simulated in fp32.
 *
 * @param tokens tokens of the calibration set it was measured on
 * @param damages KL to float with single layers quantized
 * @param blocks distance of the hidden states behind each block, everything quantized
 */
public record CellMeasurement(int tokens, SingleLayers.Damages damages, List<BlockDrift> blocks) {

  private static final int TOKENS = 2048;
  private static final int NAME_DIGITS = 16;
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** Quantizes the cell's model again and measures it. */
  public static CellMeasurement measure(CellModels models, SensitivityListener listener) {
    CalibrationSet texts = models.texts(TOKENS);
    QuantizedCheckpoint quantized = models.quantized();
    return new CellMeasurement(
        texts.sequences().size() * texts.length(),
        SingleLayers.measure(
            models.source(), models.transformed(), quantized, texts, models.threads(), listener),
        ErrorGrowth.measure(models.source(), quantized, texts));
  }

  /** The damage of a layer alone, where it is quantized. */
  Optional<LayerAlone> of(String module) {
    return damages.layers().stream().filter(layer -> layer.module().equals(module)).findFirst();
  }

  /** The block behind which the error has grown most, as a difference. */
  Optional<BlockDrift> steepest() {
    return blocks.stream().max(Comparator.comparingDouble(this::growth));
  }

  private double growth(BlockDrift block) {
    double before = block.layer() == 0 ? 0 : blocks.get(block.layer() - 1).error();
    return Double.isNaN(block.error()) ? Double.POSITIVE_INFINITY : block.error() - before;
  }

  /** What was measured of a cell's row before, where a study's folder holds it. */
  public static Optional<CellMeasurement> find(Path study, RunRecord record) {
    Path file = file(study, record);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readValue(Files.readString(file), CellMeasurement.class));
    } catch (IOException | JacksonException e) {
      throw new BitAtlasException(
          "The measurement %s cannot be read: %s; delete it, or measure again with --measure."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /** Keeps this in a study's folder for the row of a cell. */
  public void keep(Path study, RunRecord record) {
    Path file = file(study, record);
    try {
      Files.createDirectories(study.resolve("diagnosis"));
      AtomicFile.write(
          file, (JSON.writeValueAsString(this) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new BitAtlasException("The measurement " + file + " cannot be written: " + e + ".", e);
    }
  }

  private static Path file(Path study, RunRecord record) {
    return study
        .resolve("diagnosis")
        .resolve(record.quantizationKey().substring(0, NAME_DIGITS) + ".json");
  }
}
