package org.bitatlas.cli;

import picocli.CommandLine.Option;

/** Number and length of calibration sequences. */
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
}
