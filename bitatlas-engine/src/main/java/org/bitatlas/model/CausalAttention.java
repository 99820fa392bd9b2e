package org.bitatlas.model;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.kernel.KernelThreads;
import org.bitatlas.kernel.PromptAttention;
import org.bitatlas.kernel.PromptPart;
import org.bitatlas.kernel.RowScratch;
import org.bitatlas.kernel.SeenHeads;
import org.bitatlas.kernel.TileTask;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Causal attention within right-padded sequences: position t sees 0 .. t, or the last {@code
 * slidingWindow} of them. Padding comes after every real token, so no token sees any.
 *
 * <p>A model that is loaded to be run attends by {@link PromptAttention}. On libtorch heads in bf16
 * are attended in fp32 where the CPU has no AMX: libtorch multiplies bf16 some 20 times slower
 * there. Where a sequence has several threads, each attends a key head with its query heads at a
 * time; the bits are the same.
 */
final class CausalAttention implements Attention {

  private static final boolean FAST_BRAIN_FLOATS = NativeRuntime.cpuFeatures().contains("amx_bf16");

  /** Values of heads below which handing out tiles takes longer than attending. */
  private static final long WORTH_SHARING = 1 << 16;

  private final Architecture architecture;
  private final Optional<AttentionOperator> operator;
  private final Optional<int[]> lengths;

  /** Attention on the calling thread, which can be differentiated. */
  CausalAttention(Architecture architecture) {
    this(architecture, Optional.empty(), Optional.empty());
  }

  /** Attention by a model's operator, of sequences that are as long as the heads given. */
  CausalAttention(Architecture architecture, AttentionOperator operator) {
    this(architecture, Optional.of(operator), Optional.empty());
  }

  /**
   * Attention by a model's operator.
   *
   * @param lengths [B] of the sequences
   */
  CausalAttention(Architecture architecture, AttentionOperator operator, int[] lengths) {
    this(architecture, Optional.of(operator), Optional.of(lengths));
  }

  private CausalAttention(
      Architecture architecture, Optional<AttentionOperator> operator, Optional<int[]> lengths) {
    this.architecture = architecture;
    this.operator = operator;
    this.lengths = lengths;
  }

  @Override
  public Tensor attend(int layer, Tensor heads) {
    if (operator.isEmpty()) {
      return onLibtorch(layer, heads);
    }
    int tokens = Math.toIntExact(heads.size(0) * heads.size(1));
    Optional<PromptAttention> prompts = operator.get().prompts();
    return prompts.isPresent() && heads.device().isHost()
        ? operator.get().onBlocks(tokens, () -> onBlocks(prompts.get(), layer, heads))
        : operator.get().onLibtorch(tokens, () -> onLibtorch(layer, heads));
  }

  private Tensor onBlocks(PromptAttention prompts, int layer, Tensor given) {
    Tensor heads = given.to(prompts.type()).contiguous();
    int length = (int) heads.size(1);
    int dimension = architecture.headDimension();
    long queries = (long) architecture.heads() * dimension;
    long keys = (long) architecture.keyValueHeads() * dimension;
    long stride = queries + 2 * keys;
    MemorySegment memory = heads.memory();
    List<PromptPart> parts = new ArrayList<>();
    for (int row = 0; row < heads.size(0); row++) {
      long first = row * length * stride;
      SeenHeads seen =
          new SeenHeads(
              memory, prompts.type(), first + queries, first + queries + keys, stride, dimension);
      int count = lengths.isPresent() ? lengths.get()[row] : length;
      parts.add(new PromptPart(memory, first, stride, count, 0, seen, row * length));
    }
    int rows = Math.toIntExact(heads.size(0) * length);
    Tensor attended =
        prompts.attend(parts, rows, architecture.window(layer), operator.get().threads());
    Reference.reachabilityFence(heads);
    return attended.to(given.elementType()).view(heads.size(0), length, queries);
  }

  private Tensor onLibtorch(int layer, Tensor heads) {
    ElementType type = heads.elementType();
    boolean slow = heads.device().kind() == Device.Kind.CPU && !FAST_BRAIN_FLOATS;
    return type == ElementType.BF16 && slow
        ? attended(layer, heads.to(ElementType.F32)).to(type)
        : attended(layer, heads);
  }

  private Tensor attended(int layer, Tensor heads) {
    boolean shared =
        heads.device().isHost()
            && heads.elementCount() >= WORTH_SHARING
            && operator.map(AttentionOperator::threads).filter(KernelThreads::shared).isPresent();
    Tensor attended =
        shared ? byKeyHead(layer, heads) : attended(layer, heads, 0, architecture.keyValueHeads());
    long width = (long) architecture.heads() * architecture.headDimension();
    return attended.reshape(heads.size(0), heads.size(1), width);
  }

  private Tensor byKeyHead(int layer, Tensor heads) {
    int group = architecture.heads() / architecture.keyValueHeads();
    Tensor output =
        Tensor.empty(
            heads.elementType(),
            heads.size(0),
            heads.size(1),
            architecture.heads(),
            architecture.headDimension());
    operator
        .orElseThrow()
        .threads()
        .run(
            new TileTask() {
              @Override
              public int tileCount() {
                return architecture.keyValueHeads();
              }

              @Override
              public void runTile(int tile, RowScratch scratch) {
                NativeRuntime.onSingleThread(() -> {
                  try (TensorScope _ = TensorScope.open()) {
                    output
                        .narrow(2, (long) tile * group, group)
                        .copyFrom(attended(layer, heads, tile, 1));
                  }
                });
              }
            });
    return output;
  }

  /** Some key heads with their query heads: [B x T x their query heads x d]. */
  private Tensor attended(int layer, Tensor heads, int firstKey, int keys) {
    int queries = architecture.heads();
    int group = queries / architecture.keyValueHeads();
    int length = (int) heads.size(1);
    long values = (long) queries + architecture.keyValueHeads();
    Tensor query = heads.narrow(2, (long) firstKey * group, (long) keys * group).transpose(1, 2);
    Tensor key = repeated(heads.narrow(2, (long) queries + firstKey, keys).transpose(1, 2));
    Tensor value = repeated(heads.narrow(2, values + firstKey, keys).transpose(1, 2));
    boolean windowed = length > architecture.window(layer);
    Optional<Tensor> mask = windowed ? Optional.of(windowMask(length, query)) : Optional.empty();
    return query.scaledDotProductAttention(key, value, mask, !windowed).transpose(1, 2);
  }

  /** [B x G x T x d] to [B x H x T x d], each key head repeated for its group of query heads. */
  private Tensor repeated(Tensor heads) {
    int group = architecture.heads() / architecture.keyValueHeads();
    if (group == 1) {
      return heads;
    }
    long rows = heads.size(0);
    long keys = heads.size(1);
    long length = heads.size(2);
    long dimension = architecture.headDimension();
    return heads
        .unsqueeze(2)
        .expand(rows, keys, group, length, dimension)
        .reshape(rows, keys * group, length, dimension);
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
