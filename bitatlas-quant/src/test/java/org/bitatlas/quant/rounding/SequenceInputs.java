package org.bitatlas.quant.rounding;

import java.util.Arrays;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.quant.Golden;
import org.bitatlas.tensor.Tensor;

/**
 * Inputs held in an array, one sequence a sample.
 *
 * @param values X [samples x T x K]
 */
record SequenceInputs(float[] values, int samples, int columns) implements LayerInputs {

  static SequenceInputs of(Checkpoint inputs) {
    return new SequenceInputs(
        Golden.floats(inputs, "X"), Golden.size(inputs, "X", 0), Golden.size(inputs, "X", 2));
  }

  @Override
  public Tensor sample(int index) {
    int length = values.length / samples;
    float[] sample = Arrays.copyOfRange(values, index * length, (index + 1) * length);
    return Tensor.from(sample, length / columns, columns);
  }
}
