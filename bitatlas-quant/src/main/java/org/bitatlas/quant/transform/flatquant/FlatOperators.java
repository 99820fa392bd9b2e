package org.bitatlas.quant.transform.flatquant;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.BlockOperators;
import org.bitatlas.model.InputGroup;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** A block's linears with learned transforms, everything rounded as the quantized block rounds. */
final class FlatOperators implements BlockOperators {

  private final Architecture architecture;
  private final Operands operands;
  private final BaseWeights base;
  private final Quantization quantization;
  private final StraightThrough rounding;

  FlatOperators(
      Architecture architecture,
      Operands operands,
      BaseWeights base,
      Quantization quantization,
      StraightThrough rounding) {
    this.architecture = architecture;
    this.operands = operands;
    this.base = base;
    this.quantization = quantization;
    this.rounding = rounding;
  }

  @Override
  public Tensor linear(InputGroup group, Tensor input) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor rows = transformed(group, input.reshape(-1, input.size(-1)));
      List<Tensor> inputs = roundedInputs(group, rows);
      List<Tensor> outputs = new ArrayList<>();
      for (Projection projection : group.projections()) {
        Optional<Tensor> bias = operands.bias(projection).or(() -> base.bias(projection));
        outputs.add(inputs.get(outputs.size()).linear(operands.weight(projection), bias));
      }
      Tensor joined = outputs.size() == 1 ? outputs.getFirst() : Tensor.cat(outputs, -1);
      return scope.keep(joined.view(input.size(0), input.size(1), joined.size(-1)));
    }
  }

  private Tensor transformed(InputGroup group, Tensor rows) {
    if (group == InputGroup.ATTENTION_OUTPUT && quantization.mixesHeads()) {
      return Kronecker.applyLeft(rows, operands.get(BlockParameters.HEADS));
    }
    String name = BlockParameters.transformOf(group);
    return Kronecker.apply(
        group == InputGroup.ATTENTION_OUTPUT ? rows : rows.mul(operands.get(name + ".channels")),
        operands.get(name + ".left"),
        operands.get(name + ".right"));
  }

  /** The input of each projection of a group; with tied ranges it is the same. */
  private List<Tensor> roundedInputs(InputGroup group, Tensor rows) {
    if (quantization.tiedClips()) {
      return Collections.nCopies(group.projections().size(), roundedInput(group.observed(), rows));
    }
    return group.projections().stream().map(projection -> roundedInput(projection, rows)).toList();
  }

  private Tensor roundedInput(Projection projection, Tensor rows) {
    if (!quantization.roundsInputs()) {
      return rows;
    }
    return rounding.activations(
        rows,
        quantization.inputBits(),
        quantization.symmetricInputs(),
        operands.get(BlockParameters.lowClip(projection, quantization)),
        operands.get(BlockParameters.highClip(projection, quantization)));
  }

  @Override
  public Tensor heads(Tensor heads) {
    if (!quantization.roundsKeys() && !quantization.roundsValues()) {
      return heads;
    }
    int queries = architecture.heads();
    int keys = architecture.keyValueHeads();
    try (TensorScope scope = TensorScope.open()) {
      Tensor query = heads.narrow(2, 0, queries);
      Tensor key = heads.narrow(2, queries, keys);
      Tensor value = heads.narrow(2, queries + (long) keys, keys);
      if (quantization.roundsKeys()) {
        query = query.matmul(operands.get(BlockParameters.KEYS + ".inverse"));
        key =
            roundedHeads(
                key.matmul(operands.get(BlockParameters.KEYS)),
                BlockParameters.KEY_CACHE,
                quantization.keyBits());
      }
      if (quantization.roundsValues()) {
        value = roundedHeads(value, BlockParameters.VALUE_CACHE, quantization.valueBits());
      }
      return scope.keep(Tensor.cat(List.of(query, key, value), 2));
    }
  }

  /** Rounds every head of every token by itself, asymmetric. */
  private Tensor roundedHeads(Tensor heads, String cache, int bits) {
    return rounding
        .activations(
            heads.reshape(-1, heads.size(-1)),
            bits,
            false,
            operands.get(cache + ".low"),
            operands.get(cache + ".high"))
        .view(heads.shape());
  }
}
