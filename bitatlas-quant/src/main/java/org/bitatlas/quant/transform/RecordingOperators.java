package org.bitatlas.quant.transform;

import org.bitatlas.model.BlockOperators;
import org.bitatlas.model.InputGroup;
import org.bitatlas.tensor.Tensor;

/** A block's operators, with a listener that sees what goes into linear layers and comes out. */
record RecordingOperators(BlockOperators operators, Listener listener) implements BlockOperators {

  /** Sees one call of a group's linears. */
  @FunctionalInterface
  interface Listener {

    /**
     * Called after the product; what is to be kept must be copied, the block writes to the output.
     *
     * @param input X [B x T x K]
     * @param output [B x T x sum N]
     */
    void heard(InputGroup group, Tensor input, Tensor output);
  }

  @Override
  public Tensor linear(InputGroup group, Tensor input) {
    Tensor output = operators.linear(group, input);
    listener.heard(group, input, output);
    return output;
  }

  @Override
  public Tensor heads(Tensor heads) {
    return operators.heads(heads);
  }
}
