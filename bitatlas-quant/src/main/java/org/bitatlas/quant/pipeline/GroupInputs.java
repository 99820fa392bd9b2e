package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.rounding.LayerInputs;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * The inputs of a group, one calibration sequence after the other: the block is run again for each,
 * so that none is kept.
 *
 * @param block with the weights it had when the group was observed
 * @param stream in front of the block
 * @param group whose inputs are asked for
 */
record GroupInputs(DecoderBlock block, ActivationStream stream, InputGroup group)
    implements LayerInputs {

  @Override
  public int samples() {
    return stream.sequences();
  }

  @Override
  public Tensor sample(int index) {
    NativeRuntime.useSingleThread();
    List<Tensor> captured = new ArrayList<>();
    try (TensorScope scope = TensorScope.open()) {
      block.forward(
          stream.sequence(index),
          block.operators(),
          (projection, input) -> {
            if (projection == group.observed()) {
              // The scope of the forward pass ends before the caller's.
              captured.add(block.prepared(projection, input).copy().unscoped());
            }
          });
      Tensor inputs = captured.getFirst();
      return scope.keep(inputs.view(-1, inputs.size(-1)));
    } finally {
      captured.forEach(Tensor::close);
    }
  }
}
