package org.bitatlas.quant.sensitivity;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** How the error of a quantized model grows from block to block. */
public final class ErrorGrowth {

  private final double[] differences;
  private final double[] energies;
  private final double[] ranges;
  private final long[] nonFinite;

  private ErrorGrowth(int layers) {
    differences = new double[layers];
    energies = new double[layers];
    ranges = new double[layers];
    nonFinite = new long[layers];
  }

  /**
   * The distance of the hidden states behind each block, weights and activations as the checkpoint
   * has them, simulated in fp32.
   *
   * @param texts what the two models read, a sequence at a time
   * @return one per block, in model order
   */
  public static List<BlockDrift> measure(
      Source source, QuantizedCheckpoint quantized, CalibrationSet texts) {
    ErrorGrowth growth = new ErrorGrowth(source.architecture().layers());
    try (TransformerModel exact =
            TransformerModel.load(source.architecture(), source.checkpoint(), Precision.FP32);
        TransformerModel found =
            TransformerModel.load(
                source.architecture(), source.checkpoint(), quantized, Precision.FP32)) {
      for (int[] sequence : texts.sequences()) {
        growth.read(exact, found, new int[][] {sequence});
      }
    }
    return growth.drifts();
  }

  private void read(TransformerModel exact, TransformerModel found, int[][] ids) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor before = exact.embed(ids);
      Tensor after = found.embed(ids);
      for (int layer = 0; layer < energies.length; layer++) {
        before = exact.block(layer, before, LinearInputObserver.NONE);
        after = found.block(layer, after, LinearInputObserver.NONE);
        add(layer, before.toFloats(), after.toFloats());
      }
    }
  }

  private void add(int layer, float[] before, float[] after) {
    for (int i = 0; i < before.length; i++) {
      double difference = (double) after[i] - before[i];
      differences[layer] += difference * difference;
      energies[layer] += (double) before[i] * before[i];
      if (Float.isFinite(after[i])) {
        ranges[layer] = Math.max(ranges[layer], Math.abs(after[i]));
      } else {
        nonFinite[layer]++;
      }
    }
  }

  private List<BlockDrift> drifts() {
    List<BlockDrift> drifts = new ArrayList<>();
    for (int layer = 0; layer < energies.length; layer++) {
      double error =
          nonFinite[layer] > 0 ? Double.NaN : differences[layer] / Math.max(energies[layer], 1e-30);
      drifts.add(new BlockDrift(layer, error, ranges[layer], nonFinite[layer]));
    }
    return drifts;
  }
}
