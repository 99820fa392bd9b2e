package org.bitatlas.model;

import java.util.Optional;
import java.util.function.Supplier;
import org.bitatlas.kernel.AttentionKernels;
import org.bitatlas.kernel.KernelChoice;
import org.bitatlas.kernel.KernelThreads;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.kernel.PromptAttention;
import org.bitatlas.kernel.RowKernels;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * What a model attends with, each kernel counted: within prompts by blocks of keys where there are
 * products for that, else on libtorch; of decoded tokens over pages.
 */
final class AttentionOperator implements AutoCloseable {

  private static final String NAME = "attention";

  private final KernelThreads threads;
  private final Optional<PromptAttention> prompts;
  private final KernelTrace.Counter ofPrompts;
  private final KernelTrace.Counter ofLibtorch;
  private final KernelTrace.Counter ofPages;

  private AttentionOperator(
      Architecture architecture,
      KernelThreads threads,
      Optional<PromptAttention> prompts,
      KernelTrace trace) {
    this.threads = threads;
    this.prompts = prompts;
    int width = architecture.heads() * architecture.headDimension();
    int read = width + 2 * architecture.keyValueHeads() * architecture.headDimension();
    KernelChoice libtorch = new KernelChoice("float", "scaled dot product attention", "libtorch");
    KernelChoice pages =
        new KernelChoice(
            "f32 x keys as stored -> f32", "pages of tokens", RowKernels.selected().name());
    this.ofLibtorch = trace.counter(NAME, width, read, libtorch);
    this.ofPages = trace.counter(NAME, width, read, pages);
    this.ofPrompts =
        prompts
            .map(present -> trace.counter(NAME, width, read, present.choice()))
            .orElse(ofLibtorch);
  }

  /** Attention of a model that is not packed, on libtorch within prompts. */
  static AttentionOperator onLibtorch(Architecture architecture, KernelThreads threads) {
    return new AttentionOperator(architecture, threads, Optional.empty(), new KernelTrace());
  }

  /**
   * Attention of a packed model.
   *
   * @param type of the heads
   */
  static AttentionOperator of(
      Architecture architecture, ElementType type, PackedExecution execution) {
    return new AttentionOperator(
        architecture,
        execution.threads(),
        PromptAttention.of(
            type,
            architecture.heads(),
            architecture.keyValueHeads(),
            architecture.headDimension(),
            execution.kernels()),
        execution.trace());
  }

  KernelThreads threads() {
    return threads;
  }

  /** What attends within prompts; empty where libtorch does. */
  Optional<PromptAttention> prompts() {
    return prompts;
  }

  /** Kernels of attention over pages. */
  static AttentionKernels pageKernels() {
    return AttentionKernels.with(RowKernels.selected());
  }

  Tensor onBlocks(int tokens, Supplier<Tensor> attention) {
    return counted(ofPrompts, tokens, attention);
  }

  Tensor onLibtorch(int tokens, Supplier<Tensor> attention) {
    return counted(ofLibtorch, tokens, attention);
  }

  Tensor onPages(int tokens, Supplier<Tensor> attention) {
    return counted(ofPages, tokens, attention);
  }

  private static Tensor counted(
      KernelTrace.Counter counter, int tokens, Supplier<Tensor> attention) {
    long start = System.nanoTime();
    Tensor output = attention.get();
    counter.add(tokens, System.nanoTime() - start);
    return output;
  }

  @Override
  public void close() {
    prompts.ifPresent(PromptAttention::close);
  }
}
