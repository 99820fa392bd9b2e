package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.bitatlas.kernel.PromptStretch.Softmax;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.jspecify.annotations.Nullable;

/**
 * Causal softmax attention of many tokens of a sequence to those before them and themselves, by
 * blocks of keys: oneDNN multiplies, in the type of the heads with sums in fp32, and blocks that
 * none of the tokens of a tile sees are not computed. The softmax goes on from block to block
 * (Milakov and Gimelshein, arXiv 1805.02867; Dao and others, arXiv 2205.14135).
 *
 * <p>Work is cut into tiles of a query head and 128 tokens, whose results do not depend on what
 * else is attended at once. Calls may come from several threads.
 */
public final class PromptAttention implements AutoCloseable {

  /** Query tokens of a tile. */
  private static final int ROWS = 128;

  /** Keys of a block; the smaller ones are for sequences that they hold. */
  private static final int[] KEYS = {128, 64, 32};

  /** Keys that are laid out at once. */
  private static final int STRETCH = 2048;

  /** Most bytes of laid out keys and values where they are of several sequences. */
  private static final long TOGETHER = 16L << 20;

  private final ElementType type;
  private final int queryHeads;
  private final int keyHeads;
  private final int dimension;
  private final AttentionKernels kernels;
  private final @Nullable AttentionProducts[] products =
      new @Nullable AttentionProducts[KEYS.length];

  private PromptAttention(
      ElementType type, int queryHeads, int keyHeads, int dimension, RowKernels rows) {
    this.type = type;
    this.queryHeads = queryHeads;
    this.keyHeads = keyHeads;
    this.dimension = dimension;
    this.kernels = AttentionKernels.with(rows);
    products[0] = new AttentionProducts(type, KEYS[0], dimension);
  }

  /**
   * Attention of heads of a type.
   *
   * @param queryHeads H, a multiple of the key heads
   * @param keyHeads G
   * @param dimension d
   * @return empty where oneDNN has no fast kernel
   */
  public static Optional<PromptAttention> of(
      ElementType type, int queryHeads, int keyHeads, int dimension, RowKernels rows) {
    return OneDnn.ifFast(
        type, () -> new PromptAttention(type, queryHeads, keyHeads, dimension, rows));
  }

  /** Type of queries, keys and values in the products. */
  public ElementType type() {
    return type;
  }

  /** What computes it. */
  public KernelChoice choice() {
    AttentionProducts full = products(0);
    String operand = type == ElementType.F32 ? "f32" : "bf16";
    return new KernelChoice(
        operand + " x " + operand + " -> f32",
        "blocks of " + full.keys() + " keys",
        "oneDNN " + full.implementation());
  }

  private synchronized AttentionProducts products(int size) {
    AttentionProducts made = products[size];
    if (made == null) {
      made = new AttentionProducts(type, KEYS[size], dimension);
      products[size] = made;
    }
    return made;
  }

  private AttentionProducts productsFor(PromptPart part) {
    int size = 0;
    while (size + 1 < KEYS.length && part.keys() <= KEYS[size + 1]) {
      size++;
    }
    return products(size);
  }

  /**
   * Attends.
   *
   * @param outputRows rows of the result; those of no part are 0
   * @param window most keys that a token sees, itself included
   * @return [rows x H d] in F32
   */
  public Tensor attend(List<PromptPart> parts, int outputRows, int window, KernelThreads threads) {
    Tensor output = Tensor.empty(ElementType.F32, outputRows, (long) queryHeads * dimension);
    output.memory().fill((byte) 0);
    List<PromptPart> together = new ArrayList<>();
    long bytes = 0;
    for (PromptPart part : parts) {
      long own = bytes(part);
      if (!together.isEmpty() && bytes + own > TOGETHER) {
        attendTogether(together, output, window, threads);
        together.clear();
        bytes = 0;
      }
      together.add(part);
      bytes += own;
    }
    attendTogether(together, output, window, threads);
    return output;
  }

  private long bytes(PromptPart part) {
    AttentionProducts sized = productsFor(part);
    return keyHeads * Math.ceilDiv(Math.min(STRETCH, part.keys()), sized.keys()) * sized.bytes();
  }

  private void attendTogether(
      List<PromptPart> parts, Tensor output, int window, KernelThreads threads) {
    List<Softmax> states =
        parts.stream().map(part -> Softmax.start(queryHeads * part.count())).toList();
    int longest = parts.stream().mapToInt(PromptPart::keys).max().orElse(0);
    for (int from = 0; from < longest; from += STRETCH) {
      List<PromptStretch> stretches = new ArrayList<>();
      long bytes = 0;
      for (int i = 0; i < parts.size(); i++) {
        PromptPart part = parts.get(i);
        AttentionProducts sized = productsFor(part);
        int firstSeen = (int) Math.max(0L, part.start() + 1L - window);
        int begin = Math.max(from, firstSeen / sized.keys() * sized.keys());
        int end = Math.min(from + STRETCH, part.keys());
        if (begin < end) {
          PromptStretch stretch =
              new PromptStretch(part, sized, states.get(i), begin, end, keyHeads, bytes);
          stretches.add(stretch);
          bytes += stretch.bytes();
        }
      }
      if (!stretches.isEmpty()) {
        attend(stretches, bytes, output, window, threads);
      }
    }
  }

  private void attend(
      List<PromptStretch> stretches, long bytes, Tensor output, int window, KernelThreads threads) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor laidOut = Tensor.empty(ElementType.U8, bytes);
      MemorySegment memory = laidOut.memory();
      threads.run(new Preparation(stretches, memory));
      threads.run(new Attending(stretches, memory, output.memory(), window));
      Reference.reachabilityFence(laidOut);
    }
  }

  /** Lays out keys and values, a key head and a block a tile. */
  private final class Preparation implements TileTask {
    private final List<PromptStretch> stretches;
    private final MemorySegment memory;
    private final int[] firstTile;

    Preparation(List<PromptStretch> stretches, MemorySegment memory) {
      this.stretches = stretches;
      this.memory = memory;
      firstTile = new int[stretches.size() + 1];
      for (int i = 0; i < stretches.size(); i++) {
        firstTile[i + 1] = firstTile[i] + keyHeads * stretches.get(i).blocks();
      }
    }

    @Override
    public int tileCount() {
      return firstTile[stretches.size()];
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      int which = 0;
      while (firstTile[which + 1] <= tile) {
        which++;
      }
      PromptStretch stretch = stretches.get(which);
      int inside = tile - firstTile[which];
      int blocks = stretch.blocks();
      stretch.prepare(inside / blocks, inside % blocks, type, memory, scratch);
    }
  }

  /** Attends, a query head and some tokens a tile. */
  private final class Attending implements TileTask {
    private final MemorySegment prepared;
    private final MemorySegment output;
    private final int window;
    private final List<PromptTile> tiles = new ArrayList<>();

    Attending(
        List<PromptStretch> stretches, MemorySegment prepared, MemorySegment output, int window) {
      this.prepared = prepared;
      this.output = output;
      this.window = window;
      for (PromptStretch stretch : stretches) {
        int count = stretch.part().count();
        for (int row = 0; row < count; row += ROWS) {
          for (int head = 0; head < queryHeads; head++) {
            int rows = Math.min(ROWS, count - row);
            tiles.add(new PromptTile(stretch, queryHeads, keyHeads, head, row, rows));
          }
        }
      }
      // The longest first, so that no thread waits long for the last.
      tiles.sort(Comparator.comparingInt(PromptTile::work).reversed());
    }

    @Override
    public int tileCount() {
      return tiles.size();
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      tiles.get(tile).run(type, prepared, output, window, kernels, scratch);
    }
  }

  @Override
  public synchronized void close() {
    for (AttentionProducts made : products) {
      if (made != null) {
        made.close();
      }
    }
  }
}
