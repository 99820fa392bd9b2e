package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.pipeline.Clipping;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.quant.pipeline.QuantizationProgress;
import org.junit.jupiter.api.Test;

class BlockLinesTest {

  private static LayerReport report(Projection projection, double outliers, double spread) {
    return new LayerReport(
        2,
        projection,
        0.5,
        Optional.of(0.01 * outliers),
        Optional.of(new LayerReport.Inputs(10, -1, 2, outliers, 3, 1, spread, 0, 0)),
        Optional.of(0.1),
        Clipping.NONE,
        Optional.of(0.01),
        projection == Projection.DOWN ? Optional.of("rounded to nearest") : Optional.empty(),
        new TreeMap<>(Map.of(4, 1)),
        4);
  }

  private static String line(boolean quantizesActivations) {
    StringWriter out = new StringWriter();
    ProgressLine progress = new ProgressLine(new PrintWriter(out, true), false);
    BlockLines lines = new BlockLines(progress, "GPTQ W4", 6, quantizesActivations);
    lines.finished(new QuantizationProgress(1, 2, report(Projection.QUERY, 4, 0.7)));
    lines.finished(new QuantizationProgress(2, 2, report(Projection.DOWN, 158, 0.2)));
    lines.finish();
    progress.close();
    return out.toString().strip();
  }

  @Test
  void aBlockSaysWhatItsWorstLayersAre() {
    assertThat(line(false))
        .endsWith(
            "block 3 of 6: largest relative output error of mlp.down_proj 1.6e+00, inputs up to"
                + " 158 x RMS in mlp.down_proj, damping 0.0100, 1 fallback");
  }

  @Test
  void aWeightActivationRecipeSaysHowUnstableTheRangesAre() {
    assertThat(line(true)).contains(", token ranges spread 70 % in self_attn.q_proj, damping");
  }
}
