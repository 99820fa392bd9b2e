package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.bitatlas.kernel.ascend.HalfFormat;
import org.bitatlas.kernel.ascend.RowDigits;
import org.bitatlas.kernel.ascend.WeightOnly;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * A layer whose weight alone is quantized as an Ascend 910B computes it. Many rows: every weight
 * becomes the bf16 value that its vector unit makes, and a bf16 product follows, whose order of
 * sums is this CPU's. Few rows: activations of two digits times codes, within {@link
 * RowDigits#TOLERANCE}. How many rows are few depends on the rows of a call, there as here; a call
 * here is what the engine computes together, not a server's batch.
 */
final class AscendWeightOnlyLinear implements PackedLinear {

  private final AscendScheme scheme;
  private final GridLinear linear;
  private final DenseLinear manyRows;
  private final Optional<WeightOnlyLinear> fewRows;

  /**
   * Packs a layer.
   *
   * @param scheme without an integer product
   * @param bias b [N], or empty; left out where the scheme leaves it out
   */
  AscendWeightOnlyLinear(AscendScheme scheme, GridLinear stored, float[] bias, RowKernels kernels) {
    this.scheme = scheme;
    this.linear = withLoadedScales(stored);
    float[] added = scheme.dropsBias() ? new float[0] : bias;
    this.manyRows =
        DenseLinear.pack(
            ElementType.BF16, linear.outputFeatures(), linear.inputFeatures(), this::widen, added);
    this.fewRows =
        takesDigits(1)
            ? Optional.of(new WeightOnlyLinear(linear, added, ElementType.F32, kernels))
            : Optional.empty();
  }

  /** The layer with the scales that the operator is given. */
  private static GridLinear withLoadedScales(GridLinear stored) {
    float[] scales = stored.scales().clone();
    for (int cell = 0; cell < scales.length; cell++) {
      HalfFormat type = HalfFormat.BF16;
      if (stored.channelScales().isPresent()) {
        float channel = stored.channelScales().get()[cell / stored.groups()];
        float second = Math.round(scales[cell] / channel);
        scales[cell] = WeightOnly.groupScale(type.round(channel), second, type);
      } else {
        scales[cell] = type.round(scales[cell]);
      }
    }
    return new GridLinear(
        stored.outputFeatures(),
        stored.inputFeatures(),
        stored.bits(),
        stored.groupSize(),
        stored.symmetric(),
        stored.codes(),
        scales,
        stored.zeroPoints(),
        Optional.empty());
  }

  private void widen(int first, MemorySegment target) {
    int columns = linear.inputFeatures();
    int rows = Math.toIntExact(target.byteSize() / Short.BYTES / columns);
    byte[] codes = new byte[columns];
    int middle = 1 << (linear.bits() - 1);
    for (int n = 0; n < rows; n++) {
      linear.unpackRow(first + n, codes);
      int cells = (first + n) * linear.groups();
      for (int k = 0; k < columns; k++) {
        int cell = cells + linear.group(k);
        int code = (codes[k] & 0xFF) - middle;
        float offset = middle - (linear.zeroPoints()[cell] & 0xFF);
        float weight = WeightOnly.weight(code, offset, linear.scales()[cell], HalfFormat.BF16);
        target.set(
            ValueLayout.JAVA_SHORT_UNALIGNED,
            ((long) n * columns + k) * Short.BYTES,
            RowFormat.brain(weight));
      }
    }
  }

  private boolean takesDigits(int rows) {
    return linear.groups() == 1
        ? RowDigits.perChannel(rows, linear.outputFeatures(), linear.inputFeatures())
        : RowDigits.perGroup(rows, linear.inputFeatures(), linear.bits(), linear.groupSize());
  }

  @Override
  public int outputFeatures() {
    return linear.outputFeatures();
  }

  @Override
  public int inputFeatures() {
    return linear.inputFeatures();
  }

  @Override
  public long bytes() {
    return manyRows.bytes() + fewRows.map(WeightOnlyLinear::bytes).orElse(0L);
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    if (fewRows.isEmpty() || !takesDigits(input.rows())) {
      return manyRows.apply(input, threads);
    }
    int columns = linear.inputFeatures();
    float[] values = new float[input.rows() * columns];
    input.read(0, input.rows(), values);
    int together = linear.groups() == 1 ? columns : linear.groupSize();
    for (int row = 0; row < input.rows(); row++) {
      for (int k = 0; k < columns; k += together) {
        RowDigits.round(values, row * columns + k, Math.min(together, columns - k));
      }
    }
    Tensor digits = Tensor.from(values, input.rows(), columns);
    LinearInput rounded = new LinearInput(columns, digits, input.kernels());
    Tensor wide = fewRows.get().apply(rounded, threads);
    Tensor output = wide.to(ElementType.BF16);
    digits.close();
    wide.close();
    return output;
  }

  /** The most rows that go by digits. */
  @Override
  public int fewRows() {
    int most = 0;
    while (fewRows.isPresent() && takesDigits(most + 1)) {
      most++;
    }
    return most;
  }

  @Override
  public KernelChoice choice(int rows) {
    boolean few = rows <= fewRows();
    return new KernelChoice(
        "%s, bf16 x s%d -> bf16%s"
            .formatted(scheme, linear.bits(), few ? ", rows as two digits" : ""),
        AscendLinears.LABEL,
        few
            ? fewRows.orElseThrow().choice(rows).instructions()
            : manyRows.choice(rows).instructions());
  }

  @Override
  public void close() {
    manyRows.close();
    fewRows.ifPresent(WeightOnlyLinear::close);
  }
}
