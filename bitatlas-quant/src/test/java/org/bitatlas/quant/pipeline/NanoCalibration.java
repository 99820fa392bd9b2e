package org.bitatlas.quant.pipeline;

import java.nio.file.Path;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.tokenizer.ChatTokenizers;

/**
 * An embedded model with a part of their calibration set, seed 0.
 *
 * @param folder of the model
 * @param checkpoint its weights
 */
record NanoCalibration(
    Path folder, Checkpoint checkpoint, Architecture architecture, CalibrationSet calibration)
    implements AutoCloseable {

  /** The model with sequences of 128 tokens. */
  static NanoCalibration open(Path cache, int samples) {
    return open(cache, Nano.NAME, new Selection(samples, 128, 0));
  }

  /** The smaller model, half as wide, with sequences of 64 tokens. */
  static NanoCalibration openSmall(Path cache, int samples) {
    return open(cache, Nano.SMALL, new Selection(samples, 64, 0));
  }

  private static NanoCalibration open(Path cache, String name, Selection selection) {
    Nano nano = Nano.open(cache);
    Path folder = nano.model(name).orElseThrow();
    return new NanoCalibration(
        folder,
        SafetensorsCheckpoint.open(folder),
        ArchitectureReader.read(folder.resolve("config.json")),
        CalibrationSets.fromJsonLines(
            nano.calibrationFile(), ChatTokenizers.load(folder).tokenizer(), selection));
  }

  Source source() {
    return new Source("nano", architecture, checkpoint);
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}
