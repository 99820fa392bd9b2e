package org.bitatlas.cli;

import java.util.Locale;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.quant.pipeline.QuantizationProgress;

/** One lasting line per finished block: errors, damping and fallbacks. */
final class BlockLines {

  private final ProgressLine progress;
  private final String label;
  private final int blocks;
  private int block = -1;
  private double worst;
  private String worstProjection = "";
  private double damping;
  private int fallbacks;

  BlockLines(ProgressLine progress, String label, int blocks) {
    this.progress = progress;
    this.label = label;
    this.blocks = blocks;
  }

  /** Takes a finished layer. */
  void add(QuantizationProgress state) {
    LayerReport layer = state.layer();
    if (layer.layer() != block) {
      finish();
      block = layer.layer();
      worst = 0;
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
    damping = Math.max(damping, layer.damping().orElse(0.0));
    fallbacks += layer.fallback().isPresent() ? 1 : 0;
    progress.status(
        "%s: %d of %d layers, %s"
            .formatted(label, state.finished(), state.total(), state.module()));
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
