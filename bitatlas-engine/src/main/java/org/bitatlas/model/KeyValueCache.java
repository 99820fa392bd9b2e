package org.bitatlas.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.List;
import java.util.Optional;
import org.bitatlas.kernel.KernelThreads;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.kernel.PagePool;
import org.bitatlas.kernel.PageWriter;
import org.bitatlas.kernel.PagedAttention;
import org.bitatlas.kernel.PagedSequence;
import org.bitatlas.kernel.PromptAttention;
import org.bitatlas.kernel.PromptPart;
import org.bitatlas.kernel.RowScratch;
import org.bitatlas.kernel.SeenPages;
import org.bitatlas.kernel.TileTask;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Pages of keys and values on the host, and what writes and reads them. Used by one thread. Where a
 * model is on another device, heads come to the host to be stored and attended.
 */
final class KeyValueCache implements AutoCloseable {

  private final Architecture architecture;
  private final PagePool pool;
  private final PageWriter writer;
  private final PagedAttention attention;
  private final AttentionOperator operator;
  private final KernelThreads threads;

  KeyValueCache(Architecture architecture, PageLayout layout, AttentionOperator operator) {
    this.architecture = architecture;
    this.pool = new PagePool(layout);
    this.writer = new PageWriter(layout);
    this.attention =
        new PagedAttention(layout, architecture.heads(), AttentionOperator.pageKernels());
    this.operator = operator;
    this.threads = operator.threads();
  }

  /** An empty sequence. */
  PagedSequence newSequence() {
    return pool.newSequence();
  }

  /** Bytes of all pages that were in use at once. */
  long bytes() {
    return pool.bytes();
  }

  /**
   * Attention of tokens of which each is the newest of its sequence, or followed by others of the
   * call: it sees the keys up to its own. The sequences have room for them.
   *
   * @param sequences [N] of each token
   * @param positions [N] of each token in it
   */
  Attention tokens(List<PagedSequence> sequences, int[] positions) {
    int[] lengths = new int[positions.length];
    for (int token = 0; token < lengths.length; token++) {
      lengths[token] = positions[token] + 1;
    }
    return new Attention() {
      @Override
      public boolean takesHeadsUnrounded(int layer) {
        return pool.layout().rounds(layer);
      }

      @Override
      public Tensor attend(int layer, Tensor heads) {
        return operator.onPages(lengths.length, () -> attended(layer, heads));
      }

      private Tensor attended(int layer, Tensor heads) {
        MemorySegment all = onHost(heads).memory();
        int token = architecture.heads() + 2 * architecture.keyValueHeads();
        long stride = (long) token * architecture.headDimension();
        int width = architecture.heads() * architecture.headDimension();
        float[] queries = attention.queries(lengths.length);
        for (int n = 0; n < lengths.length; n++) {
          MemorySegment.copy(
              all, ValueLayout.JAVA_FLOAT, n * stride * Float.BYTES, queries, n * width, width);
          writer.write(layer, sequences.get(n), positions[n], all, n * stride + width);
        }
        int window = architecture.window(layer);
        float[] outputs = attention.attend(layer, sequences, lengths, window, threads);
        return Tensor.fromRows(outputs, 0, width, lengths.length, width)
            .to(heads.elementType())
            .to(heads.device())
            .view(lengths.length, 1, width);
      }
    };
  }

  /**
   * Attention within new sequences from their first token on, right-padded to one length; their
   * keys and values are stored.
   *
   * @param sequences [B] with room for their tokens, and none before
   */
  Attention whole(List<PagedSequence> sequences) {
    int[] lengths = sequences.stream().mapToInt(PagedSequence::length).toArray();
    CausalAttention causal = new CausalAttention(architecture, operator, lengths);
    return new Attention() {
      @Override
      public boolean takesHeadsUnrounded(int layer) {
        return pool.layout().rounds(layer);
      }

      @Override
      public Tensor attend(int layer, Tensor heads) {
        return causal.attend(layer, stored(layer, heads, sequences));
      }
    };
  }

  /**
   * Attention of a chunk of one sequence, whose keys and values are stored, to all tokens before it
   * and to itself. On libtorch keys and values of one layer at a time are widened to fp32.
   *
   * @param sequence with room for the chunk, which is its end
   * @param start position of the first token of the chunk
   */
  Attention chunk(PagedSequence sequence, int start) {
    int count = sequence.length() - start;
    return new Attention() {
      @Override
      public boolean takesHeadsUnrounded(int layer) {
        return pool.layout().rounds(layer);
      }

      @Override
      public Tensor attend(int layer, Tensor heads) {
        Tensor all = onHost(heads);
        MemorySegment memory = all.memory();
        long stride = heads.elementCount() / count;
        long width = (long) architecture.heads() * architecture.headDimension();
        for (int t = 0; t < count; t++) {
          writer.write(layer, sequence, start + t, memory, t * stride + width);
        }
        Optional<PromptAttention> prompts = operator.prompts();
        return (prompts.isPresent()
                ? operator.onBlocks(count, () -> onBlocks(prompts.get(), layer, all))
                : operator.onLibtorch(count, () -> onLibtorch(layer, all)))
            .to(heads.elementType())
            .to(heads.device());
      }

      private Tensor onBlocks(PromptAttention prompts, int layer, Tensor heads) {
        long width = (long) architecture.heads() * architecture.headDimension();
        Tensor typed = heads.to(prompts.type());
        PromptPart part =
            new PromptPart(
                typed.memory(),
                0,
                heads.elementCount() / count,
                count,
                start,
                new SeenPages(pool.layout(), layer, sequence),
                0);
        Tensor attended = prompts.attend(List.of(part), count, architecture.window(layer), threads);
        Reference.reachabilityFence(typed);
        return attended.view(count, 1, width);
      }

      private Tensor onLibtorch(int layer, Tensor heads) {
        int first = (int) Math.max(0L, start + 1L - architecture.window(layer));
        int seen = sequence.length() - first;
        int dimension = architecture.headDimension();
        int keyHeads = architecture.keyValueHeads();
        int group = architecture.heads() / keyHeads;
        try (TensorScope scope = TensorScope.open()) {
          Tensor keys = Tensor.empty(ElementType.F32, keyHeads, seen, dimension);
          Tensor values = Tensor.empty(ElementType.F32, keyHeads, seen, dimension);
          writer.readAll(layer, sequence, first, seen, keys.memory(), values.memory());
          Tensor mask = mask(first, seen, architecture.window(layer));
          Tensor queries =
              heads
                  .view(1, count, -1, dimension)
                  .narrow(2, 0, architecture.heads())
                  .transpose(1, 2);
          Tensor output = Tensor.empty(ElementType.F32, 1, count, architecture.heads(), dimension);
          threads.run(
              new TileTask() {
                @Override
                public int tileCount() {
                  return keyHeads;
                }

                @Override
                public void runTile(int head, RowScratch scratch) {
                  NativeRuntime.onSingleThread(() -> {
                    try (TensorScope _ = TensorScope.open()) {
                      Tensor attended =
                          queries
                              .narrow(1, (long) head * group, group)
                              .scaledDotProductAttention(
                                  ofGroup(keys, head, group),
                                  ofGroup(values, head, group),
                                  Optional.of(mask),
                                  false);
                      output
                          .narrow(2, (long) head * group, group)
                          .copyFrom(attended.transpose(1, 2));
                    }
                  });
                }
              });
          return scope.keep(output.view(count, 1, (long) architecture.heads() * dimension));
        }
      }

      /** A key head [S x d] of [G x S x d], seen by each query head of its group. */
      private Tensor ofGroup(Tensor heads, int head, int group) {
        return heads.narrow(0, head, 1).unsqueeze(0).expand(1, group, heads.size(1), heads.size(2));
      }

      /** [1 x 1 x count x seen]: what each token of the chunk sees. */
      private Tensor mask(int first, int seen, int window) {
        Tensor mask = Tensor.empty(ElementType.F32, 1, 1, count, seen);
        MemorySegment memory = mask.memory();
        for (int t = 0; t < count; t++) {
          int newest = start + t - first;
          for (int key = 0; key < seen; key++) {
            boolean visible = key <= newest && newest - key < window;
            memory.setAtIndex(
                ValueLayout.JAVA_FLOAT,
                (long) t * seen + key,
                visible ? 0 : Float.NEGATIVE_INFINITY);
          }
        }
        return mask;
      }
    };
  }

  /** Stores keys and values; heads with what attention computes with in their place. */
  private Tensor stored(int layer, Tensor heads, List<PagedSequence> sequences) {
    Tensor wide = onHost(heads);
    MemorySegment all = wide.memory();
    long dimension = architecture.headDimension();
    long stride = (architecture.heads() + 2L * architecture.keyValueHeads()) * dimension;
    boolean rounds = pool.layout().rounds(layer);
    for (int row = 0; row < sequences.size(); row++) {
      PagedSequence sequence = sequences.get(row);
      for (int t = 0; t < sequence.length(); t++) {
        long at = (row * heads.size(1) + t) * stride + architecture.heads() * dimension;
        writer.write(layer, sequence, t, all, at);
        if (rounds) {
          writer.read(layer, sequence, t, all, at);
        }
      }
    }
    return rounds ? wide.to(heads.elementType()) : heads;
  }

  private static Tensor onHost(Tensor heads) {
    return heads.to(ElementType.F32).to(Device.CPU).contiguous();
  }

  @Override
  public void close() {
    pool.close();
  }
}
