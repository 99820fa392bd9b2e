package org.bitatlas.model;

import java.util.List;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * One decoder block: attention and SwiGLU, each behind an RMSNorm and added to the hidden state.
 */
final class DecoderBlock implements AutoCloseable {

  private final Architecture architecture;
  private final int layer;
  private final Tensor attentionNorm;
  private final FusedLinear queryKeyValue;
  private final FusedLinear output;
  private final Tensor mlpNorm;
  private final FusedLinear gateUp;
  private final FusedLinear down;

  DecoderBlock(WeightSource source, int layer) {
    this.architecture = source.architecture();
    this.layer = layer;
    String prefix = "model.layers." + layer + ".";
    int width = architecture.hiddenSize();
    attentionNorm = source.owned(prefix + "input_layernorm.weight", width);
    queryKeyValue =
        new FusedLinear(source, layer, List.of(Projection.QUERY, Projection.KEY, Projection.VALUE));
    output = new FusedLinear(source, layer, List.of(Projection.OUTPUT));
    mlpNorm = source.owned(prefix + "post_attention_layernorm.weight", width);
    gateUp = new FusedLinear(source, layer, List.of(Projection.GATE, Projection.UP));
    down = new FusedLinear(source, layer, List.of(Projection.DOWN));
  }

  /** The fused linear that holds a projection. */
  FusedLinear linear(Projection projection) {
    return switch (projection) {
      case QUERY, KEY, VALUE -> queryKeyValue;
      case OUTPUT -> output;
      case GATE, UP -> gateUp;
      case DOWN -> down;
    };
  }

  /**
   * The block's output [B x T x D] for its input.
   *
   * @param hidden [B x T x D]
   * @param rotation rotary tables that broadcast to [B x T x heads x d]
   * @param attention how queries meet keys
   * @param observer sees the inputs of the linears
   */
  Tensor forward(
      Tensor hidden,
      RotaryTable.Tables rotation,
      Attention attention,
      LinearInputObserver observer) {
    try (TensorScope scope = TensorScope.open()) {
      double epsilon = architecture.rmsNormEpsilon();
      Tensor input = hidden.rmsNorm(attentionNorm, epsilon);
      observer.observe(Projection.QUERY, input);
      observer.observe(Projection.KEY, input);
      observer.observe(Projection.VALUE, input);
      Tensor heads =
          queryKeyValue
              .apply(input)
              .view(
                  hidden.size(0),
                  hidden.size(1),
                  architecture.heads() + 2L * architecture.keyValueHeads(),
                  architecture.headDimension());
      rotate(
          heads.narrow(2, 0, architecture.heads() + (long) architecture.keyValueHeads()), rotation);
      Tensor attended = attention.attend(layer, heads);
      observer.observe(Projection.OUTPUT, attended);
      Tensor afterAttention = output.apply(attended).addInPlace(hidden);

      Tensor mlpInput = afterAttention.rmsNorm(mlpNorm, epsilon);
      observer.observe(Projection.GATE, mlpInput);
      observer.observe(Projection.UP, mlpInput);
      Tensor both = gateUp.apply(mlpInput);
      int width = architecture.intermediateSize();
      Tensor activated = both.narrow(-1, 0, width).silu().mulInPlace(both.narrow(-1, width, width));
      observer.observe(Projection.DOWN, activated);
      return scope.keep(down.apply(activated).addInPlace(afterAttention));
    }
  }

  /** Rotates heads [B x T x n x d] in place: x * cos + roll(x, d/2) * sin. */
  private void rotate(Tensor heads, RotaryTable.Tables rotation) {
    Tensor rolled = heads.roll(-1, architecture.headDimension() / 2);
    heads.mulInPlace(rotation.cosine());
    heads.addProductInPlace(rolled, rotation.sine());
  }

  @Override
  public void close() {
    attentionNorm.close();
    queryKeyValue.close();
    output.close();
    mlpNorm.close();
    gateUp.close();
    down.close();
  }
}
