package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitatlas.kernel.ascend.ExportedScales;
import org.bitatlas.kernel.ascend.HalfFormat;
import org.bitatlas.kernel.ascend.StaticInput;
import org.bitatlas.kernel.ascend.TokenScale;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * A quantized layer with integer products as an Ascend 910B computes it, bit for bit as far as its
 * operators are published (docs/ascend-numerics.md): codes and outputs by {@link AscendArithmetic},
 * sums exact. Activations and outputs are bf16.
 */
final class AscendIntegerLinear implements PackedLinear {

  private static final int TILE_ROWS = 16;

  private final AscendScheme scheme;
  private final AscendArithmetic arithmetic;
  private final CodeProduct product;
  private final int outputFeatures;
  private final int inputFeatures;

  /**
   * Packs a layer.
   *
   * @param scheme with an integer product
   * @param bias b [N], or empty
   * @param input rounding of the activations
   * @param roundedScales whether a static scale was rounded before it was written
   */
  AscendIntegerLinear(
      AscendScheme scheme,
      GridLinear linear,
      float[] bias,
      ActivationQuantizer input,
      boolean roundedScales) {
    this.scheme = scheme;
    this.outputFeatures = linear.outputFeatures();
    this.inputFeatures = linear.inputFeatures();
    byte[] codes = ByteWeights.signed(linear);
    this.arithmetic =
        switch (scheme) {
          case W8A8 -> withStaticScale(linear, codes, bias, input, roundedScales);
          case W8A8_DYNAMIC ->
              new AscendArithmetic.PerToken(
                  TokenScale.of(inputFeatures), rounded(linear.scales()), bias);
          case W4A4_DYNAMIC -> fourBits(linear, bias, input, HalfFormat.FP16);
          case W4A4_FLATQUANT_DYNAMIC -> fourBits(linear, bias, input, HalfFormat.BF16);
          case W8A16, W4A16, W4A8_DYNAMIC ->
              throw new IllegalArgumentException(scheme + " has no integer product");
        };
    this.product = new CodeProduct(codes, outputFeatures, inputFeatures);
  }

  private static AscendArithmetic withStaticScale(
      GridLinear linear,
      byte[] codes,
      float[] bias,
      ActivationQuantizer input,
      boolean roundedScales) {
    float low = input.staticLow();
    float high = input.staticHigh();
    boolean symmetric = input.symmetric();
    float step = symmetric ? Math.max(high, -low) / Byte.MAX_VALUE : (high - low) / 255;
    int offset = symmetric ? 0 : (int) Math.rint(-low / step) + Byte.MIN_VALUE;
    long[] sums = new long[linear.outputFeatures()];
    for (int i = 0; i < codes.length; i++) {
      sums[i / linear.inputFeatures()] += codes[i];
    }
    HalfFormat type = HalfFormat.BF16;
    ExportedScales scales =
        roundedScales
            ? ExportedScales.rounded(step, offset, linear.scales(), sums, bias, type)
            : ExportedScales.plain(step, offset, linear.scales(), sums, bias);
    return new AscendArithmetic.Static(StaticInput.load(scales.inputScale(), offset, type), scales);
  }

  private AscendArithmetic fourBits(
      GridLinear linear, float[] bias, ActivationQuantizer input, HalfFormat type) {
    return new AscendArithmetic.FourBits(
        TokenScale.of(inputFeatures), input.clipHigh(), linear.scales(), bias, type);
  }

  private static float[] rounded(float[] scales) {
    float[] loaded = new float[scales.length];
    for (int n = 0; n < scales.length; n++) {
      loaded[n] = HalfFormat.BF16.round(scales[n]);
    }
    return loaded;
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
    return product.bytes();
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    int rows = input.rows();
    Tensor output = Tensor.empty(ElementType.BF16, rows, outputFeatures);
    Tensor codes = Tensor.empty(ElementType.I8, rows, inputFeatures);
    Tensor sums = Tensor.empty(ElementType.I32, rows, outputFeatures);
    float[] scales = new float[rows];
    MemorySegment x = codes.memory();
    MemorySegment acc = sums.memory();
    MemorySegment y = output.memory();
    threads.run(
        new Rows(rows) {
          @Override
          void run(int row, RowScratch scratch) {
            float[] values = scratch.rows(inputFeatures);
            input.read(row, 1, values);
            byte[] q = scratch.bytes(inputFeatures);
            scales[row] = arithmetic.quantize(values, 0, inputFeatures, q);
            MemorySegment.copy(
                q, 0, x, ValueLayout.JAVA_BYTE, (long) row * inputFeatures, inputFeatures);
          }
        });
    product.multiply(rows, x, acc, threads);
    threads.run(
        new Rows(rows) {
          @Override
          void run(int row, RowScratch scratch) {
            long first = (long) row * outputFeatures;
            int[] own = scratch.integerSums(outputFeatures);
            MemorySegment.copy(
                acc, ValueLayout.JAVA_INT, first * Integer.BYTES, own, 0, outputFeatures);
            float[] results = scratch.tile(outputFeatures);
            arithmetic.finish(own, scales[row], results);
            RowFormat.write(results, 0, outputFeatures, y, ElementType.BF16, first);
          }
        });
    codes.close();
    sums.close();
    return output;
  }

  /** Rows, some at a time. */
  private abstract static class Rows implements TileTask {
    private final int rows;

    Rows(int rows) {
      this.rows = rows;
    }

    abstract void run(int row, RowScratch scratch);

    @Override
    public int tileCount() {
      return Math.ceilDiv(rows, TILE_ROWS);
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      int end = Math.min((tile + 1) * TILE_ROWS, rows);
      for (int row = tile * TILE_ROWS; row < end; row++) {
        run(row, scratch);
      }
    }
  }

  @Override
  public int fewRows() {
    return Integer.MAX_VALUE;
  }

  @Override
  public KernelChoice choice(int rows) {
    return new KernelChoice(
        scheme + ", s8 x s8 -> s32", AscendLinears.LABEL, product.implementation());
  }

  @Override
  public void close() {
    product.close();
  }
}
