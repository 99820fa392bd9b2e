package org.bitatlas.quant.transform;

import java.util.EnumMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.scheme.AttentionActivations;

/**
 * Copies of a block's weights into which channel scales s are moved: what comes before a linear
 * layer absorbs 1 / s, its weight columns absorb s. The block itself does not change. All
 * arithmetic is fp32, in the order the scales come.
 */
final class ScaledBlock {

  private final DecoderBlock block;
  private final Architecture architecture;
  private final Map<Projection, float[]> weights = new EnumMap<>(Projection.class);
  private final Map<Projection, float[]> biases = new EnumMap<>(Projection.class);
  private final Map<InputGroup, float[]> norms = new EnumMap<>(InputGroup.class);

  ScaledBlock(DecoderBlock block) {
    this.block = block;
    this.architecture = block.architecture();
  }

  /** W [N x K] as it is now; not to be changed. */
  float[] weight(Projection projection) {
    float[] scaled = weights.get(projection);
    return scaled == null ? block.weight(projection) : scaled;
  }

  /**
   * The norm in front of a group absorbs the scales.
   *
   * @param scales s [K], above 0
   */
  void absorbInNorm(InputGroup group, float[] scales) {
    float[] norm = norms.computeIfAbsent(group, block::norm);
    for (int k = 0; k < scales.length; k++) {
      norm[k] /= scales[k];
    }
    for (Projection projection : group.projections()) {
      multiplyColumns(owned(projection), scales);
    }
  }

  /**
   * The output rows of a linear layer, bias included, absorb the scales of the next one's inputs.
   *
   * @param previous W [K x ..]
   * @param next W [N x K]
   * @param scales s [K], above 0
   */
  void absorbInRows(Projection previous, Projection next, float[] scales) {
    float[] rows = owned(previous);
    int columns = architecture.inputFeatures(previous);
    for (int row = 0; row < scales.length; row++) {
      for (int at = row * columns; at < (row + 1) * columns; at++) {
        rows[at] /= scales[row];
      }
    }
    block
        .bias(previous)
        .ifPresent(original -> {
          float[] bias = biases.computeIfAbsent(previous, _ -> original);
          for (int row = 0; row < scales.length; row++) {
            bias[row] /= scales[row];
          }
        });
    multiplyColumns(owned(next), scales);
  }

  private float[] owned(Projection projection) {
    return weights.computeIfAbsent(projection, block::weight);
  }

  private static void multiplyColumns(float[] weight, float[] scales) {
    int columns = scales.length;
    for (int row = 0; row < weight.length; row += columns) {
      for (int k = 0; k < columns; k++) {
        weight[row + k] *= scales[k];
      }
    }
  }

  /** What was changed. */
  BlockTransform transform(Map<Projection, float[]> clipped, SequencedMap<String, String> facts) {
    return new BlockTransform(
        weights, clipped, biases, norms, Map.of(), AttentionActivations.NONE, facts);
  }
}
