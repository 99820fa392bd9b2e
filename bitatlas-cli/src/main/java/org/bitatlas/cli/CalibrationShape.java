package org.bitatlas.cli;

import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import picocli.CommandLine.Option;

/** Number, length and seed of calibration sequences. */
final class CalibrationShape {

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "128",
      description = "Calibration sequences (default: ${DEFAULT-VALUE}).")
  int samples;

  @Option(
      names = "--length",
      paramLabel = "N",
      defaultValue = "256",
      description = "Tokens of each (default: ${DEFAULT-VALUE}).")
  int length;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Seed of their choice (default: ${DEFAULT-VALUE}).")
  long seed;

  /** The selection. */
  Selection selection() {
    return new Selection(samples, length, seed);
  }
}
