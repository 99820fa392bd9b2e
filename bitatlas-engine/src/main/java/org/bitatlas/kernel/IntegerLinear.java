package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * A linear layer in integers: y[m][n] = a[m] * (sum over g of s[n][g] * acc[m][n][g]) + b[n], with
 * acc the exact sum of activation codes times weight codes of group g, groups added in order by
 * fused multiply-adds in fp32; with second scales y[m][n] = a[m] * c[n] * (sum over g of s2[n][g] *
 * acc[m][n][g]) + b[n], that sum exact.
 *
 * <p>The weight is there once. Codes of more than 4 bits with one scale per output feature are kept
 * as oneDNN reads them, which multiplies one row as fast as memory gives them. All others are kept
 * as {@link IntegerProduct} reads them, which multiplies few rows; for many they are unpacked slice
 * by slice for oneDNN, with the same bits.
 */
public final class IntegerLinear implements PackedLinear {

  private final int outputFeatures;
  private final int inputFeatures;
  private final ActivationQuantizer quantizer;
  private final Arena arena = Arena.ofShared();
  private final RowKernels kernels;
  private final float[] bias;
  private final Optional<IntegerRows> rows;
  private final Optional<ManyRows> manyRows;
  private final IdleObjects<IntegerProduct> idle = new IdleObjects<>();

  /** Products on oneDNN. */
  sealed interface ManyRows extends AutoCloseable
      permits ScaledProduct, UnpackedProduct, UnpackedGroups {

    /** Columns that lie together in the activations. */
    ColumnGroups groups();

    /** Y [M x N] in the type of X, bias included. */
    Tensor apply(LinearInput input, KernelThreads threads);

    KernelChoice choice();

    /** Bytes of what {@link IntegerRows} do not hold. */
    long bytes();

    @Override
    void close();
  }

  /**
   * Packs a layer.
   *
   * @param bias b [N], or empty
   * @param quantizer of the activations, per token or per tensor
   * @param output type of X and Y
   */
  public IntegerLinear(
      GridLinear linear,
      float[] bias,
      ActivationQuantizer quantizer,
      ElementType output,
      RowKernels kernels) {
    this.outputFeatures = linear.outputFeatures();
    this.inputFeatures = linear.inputFeatures();
    this.quantizer = quantizer;
    this.kernels = kernels;
    this.bias = bias;
    boolean library = ByteWeights.exactLibrary() && ByteWeights.fit(linear);
    boolean exact = IntegerRows.hasSecondScales(linear) && !SignedCodes.shifted(quantizer);
    boolean scaled = exact || (linear.groups() == 1 && !SignedCodes.shifted(quantizer));
    if (library && scaled && linear.bits() > 4) {
      this.rows = Optional.empty();
      this.manyRows = Optional.of(new ScaledProduct(linear, bias, quantizer, output));
    } else {
      IntegerRows own =
          exact ? IntegerRows.withSecondScales(linear, arena) : IntegerRows.of(linear, arena);
      this.rows = Optional.of(own);
      this.manyRows = library ? unpacked(own, scaled, output) : Optional.empty();
    }
  }

  private Optional<ManyRows> unpacked(IntegerRows own, boolean scaled, ElementType output) {
    if (scaled) {
      ElementType type = bias.length > 0 ? ElementType.F32 : output;
      return UnpackedSlices.of(own, kernels, UnpackedProduct.shape(own, type))
          .map(slices -> new UnpackedProduct(slices, own, bias, quantizer, type));
    }
    return UnpackedSlices.of(own, kernels, UnpackedGroups.shape(own))
        .map(slices -> new UnpackedGroups(slices, own, bias, quantizer));
  }

  @Override
  public int outputFeatures() {
    return outputFeatures;
  }

  @Override
  public int inputFeatures() {
    return inputFeatures;
  }

  @Override
  public long bytes() {
    return rows.map(IntegerRows::bytes).orElse(0L) + manyRows.map(ManyRows::bytes).orElse(0L);
  }

  @Override
  public KernelChoice choice(int count) {
    return onOneDnn(count)
        ? manyRows.orElseThrow().choice()
        : new KernelChoice(
            "s%d x %s -> s32".formatted(quantizer.bits(), rows.orElseThrow().layout()),
            "integer rows",
            kernels.name());
  }

  @Override
  public int fewRows() {
    return rows.isEmpty() ? 0 : LinearInput.FEW_ROWS;
  }

  private boolean onOneDnn(int count) {
    return manyRows.isPresent() && count > fewRows();
  }

  @Override
  public boolean quantizesInput() {
    return true;
  }

  @Override
  public LinearInput quantize(LinearInput input, KernelThreads threads) {
    if (onOneDnn(input.rows())) {
      input.signedCodes(quantizer, manyRows.orElseThrow().groups(), threads);
    } else if (input.rows() <= fewRows()) {
      input.codes(quantizer);
    }
    return input;
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    if (onOneDnn(input.rows())) {
      return manyRows.orElseThrow().apply(input, threads);
    }
    Tensor output = Tensor.empty(input.type(), input.rows(), outputFeatures());
    MemorySegment memory = output.memory();
    if (input.rows() <= LinearInput.FEW_ROWS) {
      multiply(input.codes(quantizer), 0, input, memory, threads);
    } else {
      inSteps(input, memory, threads);
    }
    return output;
  }

  /** Few rows at a time. */
  private void inSteps(LinearInput input, MemorySegment output, KernelThreads threads) {
    ActivationCodes whole = new ActivationCodes(input.rows(), input.columns());
    float[] values = new float[input.rows() * input.columns()];
    input.read(0, input.rows(), values);
    kernels.quantize(values, 0, input.rows(), quantizer, whole);
    ActivationCodes step = new ActivationCodes(LinearInput.FEW_ROWS, input.columns());
    for (int first = 0; first < input.rows(); first += LinearInput.FEW_ROWS) {
      step.take(whole, first, Math.min(LinearInput.FEW_ROWS, input.rows() - first));
      multiply(step, first, input, output, threads);
    }
  }

  private void multiply(
      ActivationCodes codes,
      int firstRow,
      LinearInput input,
      MemorySegment output,
      KernelThreads threads) {
    int count = codes.rows() * outputFeatures();
    float[] results = input.results(count);
    IntegerProduct product =
        idle.take()
            .orElseGet(() -> new IntegerProduct(kernels, rows.orElseThrow(), LinearInput.FEW_ROWS));
    try {
      threads.run(product.begin(codes, results));
    } finally {
      idle.giveBack(product);
    }
    RowFormat.addBias(bias, results, count);
    RowFormat.write(results, 0, count, output, input.type(), (long) firstRow * outputFeatures());
  }

  @Override
  public void close() {
    manyRows.ifPresent(ManyRows::close);
    arena.close();
  }
}
