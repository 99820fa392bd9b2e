package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * The activations X [M x K] that one or several layers multiply: rounded to integers once for all
 * that want the same integers. Its buffers are kept from call to call; used by one call at a time.
 */
public final class LinearInput {

  /** Most rows for the kernels of few rows. */
  public static final int FEW_ROWS = 4;

  private final int columns;
  private final RowKernels kernels;
  private final float[] floats;
  private final List<FewCodes> few = new ArrayList<>();
  private final List<SignedCodes> many = new ArrayList<>();
  private float[] results = {};
  private Tensor tensor;
  private MemorySegment memory = MemorySegment.NULL;
  private ElementType type = ElementType.F32;
  private int rows;
  private boolean floatsRead;
  private long call;

  private static final class FewCodes {
    final ActivationQuantizer quantizer;
    final ActivationCodes codes;
    long call;

    FewCodes(ActivationQuantizer quantizer, int columns) {
      this.quantizer = quantizer;
      this.codes = new ActivationCodes(FEW_ROWS, columns);
    }
  }

  /**
   * Buffers for inputs of one width.
   *
   * @param columns K
   * @param first the first input
   */
  public LinearInput(int columns, Tensor first, RowKernels kernels) {
    this.columns = columns;
    this.kernels = kernels;
    this.floats = new float[FEW_ROWS * columns];
    this.tensor = first;
    begin(first);
  }

  /**
   * Takes new activations.
   *
   * @param activations X [.. x K], F32 or BF16, contiguous; they must outlive the calls that use
   *     them
   */
  public LinearInput begin(Tensor activations) {
    tensor = activations;
    memory = activations.memory();
    type = RowFormat.require(activations.elementType());
    rows = Math.toIntExact(activations.elementCount() / columns);
    floatsRead = false;
    call++;
    return this;
  }

  /** M. */
  public int rows() {
    return rows;
  }

  /** K. */
  public int columns() {
    return columns;
  }

  ElementType type() {
    return type;
  }

  RowKernels kernels() {
    return kernels;
  }

  /** X [M x K]. */
  Tensor tensor() {
    return tensor.view(rows, columns);
  }

  /** X [M x K], row-major. */
  MemorySegment memory() {
    return memory;
  }

  /** Room for results of few rows. */
  float[] results(int count) {
    if (results.length < count) {
      results = new float[count];
    }
    return results;
  }

  /** Reads rows of X. */
  void read(int firstRow, int count, float[] target) {
    RowFormat.read(memory, type, (long) firstRow * columns, count * columns, target, 0);
  }

  /** X of at most {@link #FEW_ROWS} rows. */
  float[] floats() {
    if (!floatsRead) {
      read(0, rows, floats);
      floatsRead = true;
    }
    return floats;
  }

  /** X of at most {@link #FEW_ROWS} rows as integers. */
  ActivationCodes codes(ActivationQuantizer quantizer) {
    FewCodes found = fewCodes(quantizer);
    if (found.call != call) {
      kernels.quantize(floats(), 0, rows, quantizer, found.codes);
      found.call = call;
    }
    return found.codes;
  }

  private FewCodes fewCodes(ActivationQuantizer quantizer) {
    for (FewCodes candidate : few) {
      if (candidate.quantizer.equals(quantizer)) {
        return candidate;
      }
    }
    FewCodes made = new FewCodes(quantizer, columns);
    few.add(made);
    return made;
  }

  /** X as signed bytes, the columns of each block together. */
  SignedCodes signedCodes(
      ActivationQuantizer quantizer, ColumnGroups blocks, KernelThreads threads) {
    for (SignedCodes candidate : many) {
      if (candidate.serves(quantizer, blocks)) {
        return candidate.of(this, call, threads);
      }
    }
    SignedCodes made = new SignedCodes(quantizer, blocks);
    many.add(made);
    return made.of(this, call, threads);
  }
}
