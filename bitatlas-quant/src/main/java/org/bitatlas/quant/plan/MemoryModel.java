package org.bitatlas.quant.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform;

/**
 * What is in memory at once while a block is quantized. Weights are mapped, hidden states are on
 * disk and one block is loaded at a time, so the number of blocks plays no part.
 */
final class MemoryModel {

  /** The JVM with its code, libtorch and what both keep: resident after start, measured. */
  private static final long FLOOR = 400L << 20;

  /** What the serial collector holds above what is alive, as measured. */
  private static final double HEAP_ROOM = 0.4;

  /** Batches whose inputs are kept until their products are added, per thread. */
  private static final int WAVE = 2;

  private static final int PANEL = 256;

  private final Architecture architecture;
  private final Recipe recipe;
  private final BlockWork block;
  private final int threads;

  private MemoryModel(
      Architecture architecture, Recipe recipe, Calibration calibration, int threads) {
    this.architecture = architecture;
    this.recipe = recipe;
    this.block = new BlockWork(architecture, calibration);
    this.threads = threads;
  }

  /**
   * The moment of most memory.
   *
   * @param moment what happens then
   * @param parts bytes by name
   */
  record Peak(String moment, SequencedMap<String, Long> parts) {

    /** All parts together. */
    long bytes() {
      return parts.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /** One moment: bytes in native memory and on the heap. */
  private static final class Moment {
    private final String name;
    private final SequencedMap<String, Long> parts = new LinkedHashMap<>();
    private long heap;

    Moment(String name) {
      this.name = name;
    }

    Moment off(String part, double bytes) {
      parts.merge(part, (long) bytes, Long::sum);
      return this;
    }

    Moment on(String part, double bytes) {
      heap += (long) bytes;
      return off(part, bytes);
    }

    Peak peak() {
      off("room of the garbage collector", heap * HEAP_ROOM);
      return new Peak(name, parts);
    }
  }

  static Peak peak(
      Architecture architecture, Recipe recipe, Optional<Calibration> calibration, int threads) {
    MemoryModel model =
        new MemoryModel(architecture, recipe, calibration.orElse(new Calibration(1, 1)), threads);
    List<Peak> moments = new ArrayList<>();
    moments.add(model.rounding(calibration.isPresent()));
    if (calibration.isPresent()) {
      moments.add(model.observing());
      model.searching().ifPresent(moments::add);
    }
    moments.add(model.tables());
    return moments.stream().max(Comparator.comparingLong(Peak::bytes)).orElseThrow();
  }

  private Moment moment(String name) {
    return new Moment(name)
        .off("JVM and libtorch", FLOOR)
        .off("the block, float and quantized", 2.0 * Float.BYTES * block.weights())
        .off("its mapped file", 2.0 * block.weights());
  }

  private boolean observes() {
    return recipe.position() == Position.QUANTIZED;
  }

  private boolean factors() {
    return observes() && !(recipe.rounding() instanceof Rounding.Nearest);
  }

  private boolean compares() {
    return recipe.rounding() instanceof Rounding.Gptaq;
  }

  private boolean sequential() {
    return compares() || recipe.rounding() instanceof Rounding.Gptq gptq && gptq.trueSequential();
  }

  /** Groups that are observed together, the heaviest pass. */
  private Set<InputGroup> together() {
    return sequential() ? EnumSet.of(InputGroup.MLP_OUTPUT) : EnumSet.allOf(InputGroup.class);
  }

  private double grams() {
    double values =
        together().stream().mapToDouble(group -> Math.pow(block.columns(group), 2)).sum();
    return (compares() ? 2 : 1) * Double.BYTES * values;
  }

  /** Largest K of an input. */
  private long widest() {
    return Arrays.stream(InputGroup.values()).mapToLong(block::columns).max().orElseThrow();
  }

  /**
   * Native memory of forward passes, a batch per thread, and of the inputs that wait for their
   * products. The allocator keeps what is freed, so it counts in every moment.
   */
  private void forwards(Moment moment) {
    double tokens = block.calibration().batchTokens();
    double values = 3.0 * architecture.intermediateSize() + 4.0 * architecture.hiddenSize();
    moment.off("forward passes", threads * tokens * values * Float.BYTES);
    if (observes()) {
      long channels = together().stream().mapToLong(block::columns).sum();
      double batches = Math.min(WAVE * threads, batches());
      moment.off(
          "inputs that wait for their products",
          (compares() ? 2 : 1) * batches * tokens * channels * Float.BYTES);
    }
  }

  private Peak observing() {
    Moment moment = moment("observing inputs");
    forwards(moment);
    if (observes()) {
      moment
          .on("Gram matrices", grams())
          .on("panels", 2.0 * threads * PANEL * widest() * Float.BYTES);
    }
    return moment.peak();
  }

  private double batches() {
    return Math.ceil((double) block.calibration().tokens() / block.calibration().batchTokens());
  }

  /** The last group: its factor, copies of its weights, and the error of its outputs. */
  private Peak rounding(boolean calibrated) {
    Moment moment = moment("rounding");
    double square = Math.pow(widest(), 2);
    double weights =
        Arrays.stream(Projection.values()).mapToLong(block::weights).max().orElseThrow();
    if (calibrated) {
      forwards(moment);
    }
    if (calibrated && observes()) {
      moment.on("Gram matrices", grams());
      if (factors()) {
        moment.on("factor", (Double.BYTES + Float.BYTES) * square);
      }
      moment.on("layer errors", Float.BYTES * square).off("layer errors", Float.BYTES * square);
    }
    moment.on("weights of a layer and its codes", (4 * Float.BYTES + 1) * weights);
    return moment.on("rounded weights", Float.BYTES * (double) block.weights()).peak();
  }

  /** Embedding and head, where they change: their codes are made in memory. */
  private Peak tables() {
    double values = (double) architecture.vocabularySize() * architecture.hiddenSize();
    boolean embedding = recipe.embedding().weights().isPresent();
    boolean head = recipe.head().weights().isPresent();
    boolean copy = architecture.tiedEmbeddings() && embedding && !head;
    Moment moment = new Moment("rounding embedding and head").off("JVM and libtorch", FLOOR);
    if (embedding || head) {
      double bits = (embedding ? recipe.embedding().bits() : 0) + (head ? recipe.head().bits() : 0);
      moment.off("their mapped file", 2 * values).on("codes", values * bits / Byte.SIZE);
    }
    return moment.on("float head", copy ? Float.BYTES * values : 0).peak();
  }

  private Moment withForwards(String name) {
    Moment moment = moment(name);
    forwards(moment);
    return moment;
  }

  private Optional<Peak> searching() {
    double square = Math.pow(widest(), 2);
    return switch (recipe.transform()) {
      case Transform.None _, Transform.SmoothQuant _ -> Optional.empty();
      case Transform.Awq _ ->
          Optional.of(
              withForwards("AWQ's search")
                  .on("Gram matrices", (Double.BYTES + threads * 2.0 * Float.BYTES) * square)
                  .on("candidate weights", 2.0 * Float.BYTES * block.weights())
                  .peak());
      case Transform.FlatQuant _ ->
          Optional.of(
              withForwards("FlatQuant's training")
                  .on("gradients of weights", (2.0 * threads + 1) * Float.BYTES * block.weights())
                  .off("weights on their way", 14.0 * Float.BYTES * block.weights())
                  .off(
                      "activations for gradients",
                      (double) threads
                          * block.calibration().length()
                          * 8
                          * block.inputChannels()
                          * Float.BYTES)
                  .peak());
    };
  }
}
