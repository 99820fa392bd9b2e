package org.bitatlas.model;

import java.util.Optional;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;

/**
 * Causal attention within right-padded sequences: position t sees 0 .. t, or the last {@code
 * slidingWindow} of them. Padding comes after every real token, so no token sees any.
 *
 * <p>Heads in bf16 are attended in fp32 where the CPU has no AMX: libtorch multiplies bf16 some 20
 * times slower there.
 */
final class CausalAttention implements Attention {

  private static final boolean FAST_BRAIN_FLOATS = NativeRuntime.cpuFeatures().contains("amx_bf16");

  private final Architecture architecture;

  CausalAttention(Architecture architecture) {
    this.architecture = architecture;
  }

  @Override
  public Tensor attend(int layer, Tensor heads) {
    ElementType type = heads.elementType();
    boolean slow = heads.device().kind() == Device.Kind.CPU && !FAST_BRAIN_FLOATS;
    return type == ElementType.BF16 && slow
        ? attended(layer, heads.to(ElementType.F32)).to(type)
        : attended(layer, heads);
  }

  private Tensor attended(int layer, Tensor heads) {
    int queryHeads = architecture.heads();
    int keyHeads = architecture.keyValueHeads();
    long rows = heads.size(0);
    int length = (int) heads.size(1);
    Tensor query = heads.narrow(2, 0, queryHeads).transpose(1, 2);
    Tensor key = repeated(heads.narrow(2, queryHeads, keyHeads).transpose(1, 2));
    Tensor value = repeated(heads.narrow(2, queryHeads + keyHeads, keyHeads).transpose(1, 2));
    boolean windowed =
        architecture.slidingWindowLayers().contains(layer) && length > architecture.slidingWindow();
    Optional<Tensor> mask = windowed ? Optional.of(windowMask(length, query)) : Optional.empty();
    return query
        .scaledDotProductAttention(key, value, mask, !windowed)
        .transpose(1, 2)
        .reshape(rows, length, (long) queryHeads * architecture.headDimension());
  }

  /** [B x G x T x d] to [B x H x T x d], each key head repeated for its group of query heads. */
  private Tensor repeated(Tensor heads) {
    int group = architecture.heads() / architecture.keyValueHeads();
    if (group == 1) {
      return heads;
    }
    long rows = heads.size(0);
    long length = heads.size(2);
    long dimension = architecture.headDimension();
    return heads
        .unsqueeze(2)
        .expand(rows, architecture.keyValueHeads(), group, length, dimension)
        .reshape(rows, architecture.heads(), length, dimension);
  }

  private Tensor windowMask(int length, Tensor like) {
    int window = architecture.slidingWindow();
    float[] mask = new float[length * length];
    for (int query = 0; query < length; query++) {
      for (int key = 0; key < length; key++) {
        boolean visible = key <= query && query - key < window;
        mask[query * length + key] = visible ? 0 : Float.NEGATIVE_INFINITY;
      }
    }
    return Tensor.from(mask, 1, 1, length, length).to(like.elementType()).to(like.device());
  }
}
