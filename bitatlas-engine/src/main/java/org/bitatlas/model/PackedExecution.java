package org.bitatlas.model;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bitatlas.kernel.KernelThreads;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.kernel.LinearInput;
import org.bitatlas.kernel.RowKernels;
import org.bitatlas.tensor.Tensor;

/** What the blocks of a model with packed weights share: threads, buffers, the trace. */
final class PackedExecution implements AutoCloseable {

  private final KernelThreads threads;
  private final RowKernels kernels = RowKernels.selected();
  private final KernelTrace trace = new KernelTrace();
  private final Map<Integer, Deque<LinearInput>> idle = new ConcurrentHashMap<>();

  PackedExecution(int threads) {
    this.threads = new KernelThreads(threads);
  }

  KernelThreads threads() {
    return threads;
  }

  RowKernels kernels() {
    return kernels;
  }

  KernelTrace trace() {
    return trace;
  }

  /** Buffers with new activations [.. x K]; to be given back. */
  LinearInput take(Tensor activations) {
    int columns = (int) activations.size(-1);
    Deque<LinearInput> kept = idle.computeIfAbsent(columns, _ -> new ArrayDeque<>());
    LinearInput found;
    synchronized (kept) {
      found = kept.poll();
    }
    return found == null
        ? new LinearInput(columns, activations, kernels)
        : found.begin(activations);
  }

  void giveBack(LinearInput input) {
    Deque<LinearInput> kept = idle.computeIfAbsent(input.columns(), _ -> new ArrayDeque<>());
    synchronized (kept) {
      kept.push(input);
    }
  }

  @Override
  public void close() {
    threads.close();
  }
}
