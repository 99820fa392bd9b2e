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
 * The embedded model with a part of its calibration set: sequences of 128 tokens, seed 0.
 *
 * @param folder of the model
 * @param checkpoint its weights
 */
record NanoCalibration(
    Path folder, Checkpoint checkpoint, Architecture architecture, CalibrationSet calibration)
    implements AutoCloseable {

  static NanoCalibration open(Path cache, int samples) {
    Nano nano = Nano.open(cache);
    Path folder = nano.modelFolder();
    return new NanoCalibration(
        folder,
        SafetensorsCheckpoint.open(folder),
        ArchitectureReader.read(folder.resolve("config.json")),
        CalibrationSets.fromJsonLines(
            nano.calibrationFile(),
            ChatTokenizers.load(folder).tokenizer(),
            new Selection(samples, 128, 0)));
  }

  Source source() {
    return new Source("nano", architecture, checkpoint);
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}
