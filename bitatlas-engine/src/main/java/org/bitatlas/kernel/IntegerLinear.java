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
 * fused multiply-adds in fp32. Few rows are multiplied by {@link IntegerProduct}, many on oneDNN,
 * with the same bits.
 */
public final class IntegerLinear implements PackedLinear {

  private final ActivationQuantizer quantizer;
  private final Arena arena = Arena.ofShared();
  private final IntegerRows rows;
  private final RowKernels kernels;
  private final float[] bias;
  private final Optional<ColumnGroups> groups;
  private final Optional<ManyRows> manyRows;
  private final IdleObjects<IntegerProduct> idle = new IdleObjects<>();

  /** Products with many rows of activations. */
  sealed interface ManyRows extends AutoCloseable permits ScaledProduct, GroupedProduct {

    /** Y [M x N] in the type of X, bias included. */
    Tensor apply(LinearInput input, KernelThreads threads);

    KernelChoice choice();

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
    this.quantizer = quantizer;
    this.kernels = kernels;
    this.bias = bias;
    this.rows = IntegerRows.of(linear, arena);
    Optional<ByteWeights> codes = ByteWeights.of(linear);
    this.groups = codes.map(ByteWeights::groups);
    this.manyRows = codes.map(bytes -> manyRows(bytes, output));
  }

  private ManyRows manyRows(ByteWeights codes, ElementType output) {
    return codes.groups().count() == 1 && !SignedCodes.shifted(quantizer)
        ? new ScaledProduct(codes, bias, quantizer, output)
        : new GroupedProduct(codes, bias, quantizer);
  }

  @Override
  public int outputFeatures() {
    return rows.outputFeatures();
  }

  @Override
  public int inputFeatures() {
    return rows.inputFeatures();
  }

  @Override
  public long bytes() {
    return rows.bytes() + manyRows.map(ManyRows::bytes).orElse(0L);
  }

  @Override
  public KernelChoice choice(int count) {
    return count > fewRows() && manyRows.isPresent()
        ? manyRows.get().choice()
        : new KernelChoice(
            "s%d x %s -> s32".formatted(quantizer.bits(), rows.layout()),
            "integer rows",
            kernels.name());
  }

  /**
   * oneDNN's packed product is faster from two rows on; of 4-bit codes from three, as these read
   * half as much; and in groups from five.
   */
  @Override
  public int fewRows() {
    boolean ours = manyRows.isEmpty() || manyRows.get() instanceof GroupedProduct;
    return ours ? LinearInput.FEW_ROWS : rows.width() == Byte.SIZE ? 1 : 2;
  }

  @Override
  public boolean quantizesInput() {
    return true;
  }

  @Override
  public LinearInput quantize(LinearInput input, KernelThreads threads) {
    if (input.rows() <= fewRows()) {
      input.codes(quantizer);
    } else if (groups.isPresent()) {
      input.signedCodes(quantizer, groups.get(), threads);
    }
    return input;
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    if (input.rows() > fewRows() && manyRows.isPresent()) {
      return manyRows.get().apply(input, threads);
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
        idle.take().orElseGet(() -> new IntegerProduct(kernels, rows, LinearInput.FEW_ROWS));
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
