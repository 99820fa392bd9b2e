package org.bitatlas.model;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bitatlas.kernel.BlockRows;
import org.bitatlas.kernel.IdleObjects;
import org.bitatlas.kernel.KernelThreads;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.kernel.LinearInput;
import org.bitatlas.kernel.RowKernels;
import org.bitatlas.tensor.Tensor;

/**
 * What the blocks of a model with packed weights share: threads, buffers, the trace. Quantized
 * weights are packed as codes, or dequantized and packed as floats; float ones as floats.
 */
final class PackedExecution implements AutoCloseable {

  private final Execution execution;
  private final KernelThreads threads;
  private final RowKernels kernels = RowKernels.selected();
  private final KernelTrace trace = new KernelTrace();
  private final BlockRows blockRows;
  private final Map<Integer, IdleObjects<LinearInput>> idle = new ConcurrentHashMap<>();

  PackedExecution(Execution execution, int threads) {
    this.execution = execution;
    this.threads = new KernelThreads(threads);
    this.blockRows = new BlockRows(kernels, this.threads);
  }

  /** Whether quantized layers are multiplied from their codes. */
  boolean onCodes() {
    return execution.onCodes();
  }

  /** Whether quantized layers compute as another machine does. */
  boolean emulated() {
    return execution.emulated();
  }

  /** Whether static scales were rounded before they were written. */
  boolean roundedScales() {
    return execution == Execution.ASCEND_910B_ROUNDED_SCALES;
  }

  KernelThreads threads() {
    return threads;
  }

  RowKernels kernels() {
    return kernels;
  }

  BlockRows blockRows() {
    return blockRows;
  }

  KernelTrace trace() {
    return trace;
  }

  /** Buffers with new activations [.. x K]; to be given back. */
  LinearInput take(Tensor activations) {
    int columns = (int) activations.size(-1);
    return idle(columns)
        .take()
        .map(kept -> kept.begin(activations))
        .orElseGet(() -> new LinearInput(columns, activations, kernels));
  }

  void giveBack(LinearInput input) {
    idle(input.columns()).giveBack(input);
  }

  private IdleObjects<LinearInput> idle(int columns) {
    return idle.computeIfAbsent(columns, _ -> new IdleObjects<>());
  }

  @Override
  public void close() {
    threads.close();
  }
}
