package org.bitatlas.cli;

import java.util.Locale;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.quant.pipeline.QuantizationListener;
import org.bitatlas.quant.pipeline.QuantizationProgress;

/**
 * One lasting line per finished block: errors, outliers, damping and fallbacks, and for
 * weight-activation recipes how much the range of the inputs changes from token to token.
 */
final class BlockLines implements QuantizationListener {

  private final ProgressLine progress;
  private final String label;
  private final int blocks;
  private final boolean quantizesActivations;
  private int block = -1;
  private double worst;
  private String worstProjection = "";
  private double outliers;
  private String outlierProjection = "";
  private double spread;
  private String spreadProjection = "";
  private double damping;
  private int fallbacks;

  BlockLines(ProgressLine progress, String label, int blocks, boolean quantizesActivations) {
    this.progress = progress;
    this.label = label;
    this.blocks = blocks;
    this.quantizesActivations = quantizesActivations;
  }

  /** Takes a finished layer. */
  @Override
  public void finished(QuantizationProgress state) {
    LayerReport layer = state.layer();
    if (layer.layer() != block) {
      finish();
      block = layer.layer();
      worst = 0;
      outliers = 0;
      spread = 0;
      damping = 0;
      fallbacks = 0;
    }
    double error = layer.outputError().orElse(layer.weightError());
    if (!(error < worst)) {
      worst = error;
      worstProjection =
          (layer.outputError().isPresent() ? "output" : "weight")
              + " error of "
              + layer.projection().path();
    }
    layer.inputs().ifPresent(inputs -> addInputs(layer.projection().path(), inputs));
    damping = Math.max(damping, layer.damping().orElse(0.0));
    fallbacks += layer.fallback().isPresent() ? 1 : 0;
    progress.status(
        "%s: %d of %d layers, %s"
            .formatted(label, state.finished(), state.total(), state.module()));
  }

  @Override
  public void searched(int layer, String what, int done, int steps) {
    progress.status(
        "%s: block %d of %d, %s, %d of %d".formatted(label, layer + 1, blocks, what, done, steps));
  }

  private void addInputs(String projection, LayerReport.Inputs inputs) {
    if (inputs.maximumOverRms() > outliers) {
      outliers = inputs.maximumOverRms();
      outlierProjection = projection;
    }
    if (inputs.tokenMaximumSpread() > spread) {
      spread = inputs.tokenMaximumSpread();
      spreadProjection = projection;
    }
  }

  /** Writes the line of the block that is now complete. */
  void finish() {
    if (block < 0) {
      return;
    }
    StringBuilder line =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "block %d of %d: largest relative %s %.1e",
                block + 1,
                blocks,
                worstProjection,
                worst));
    if (outliers > 0) {
      line.append(
          String.format(
              Locale.ROOT, ", inputs up to %.0f x RMS in %s", outliers, outlierProjection));
    }
    if (quantizesActivations && spread > 0) {
      line.append(
          String.format(
              Locale.ROOT, ", token ranges spread %.0f %% in %s", 100 * spread, spreadProjection));
    }
    if (damping > 0) {
      line.append(String.format(Locale.ROOT, ", damping %.3g", damping));
    }
    if (fallbacks > 0) {
      line.append(", ").append(fallbacks).append(fallbacks == 1 ? " fallback" : " fallbacks");
    }
    progress.line(line.toString());
    block = -1;
  }
}
