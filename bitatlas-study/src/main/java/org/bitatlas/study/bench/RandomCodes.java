package org.bitatlas.study.bench;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;

/**
 * A quantized checkpoint with random codes: bits, groups and activations as a scheme has them,
 * without a quantization. The blocks share their codes, and whoever loads a model unpacks or copies
 * them. Embedding and head stay float.
 */
final class RandomCodes {

  private static final float SCALE = 0.002f;

  /** A power of two, so that the product of both scales is exact. */
  private static final int SECOND_SCALE = 8;

  /** One salient column in so many of a binary layer. */
  private static final int SALIENT_EVERY = 10;

  private final Architecture architecture;
  private final Scheme.Weights weights;
  private final SplittableRandom random = new SplittableRandom(1);

  private RandomCodes(Architecture architecture, Scheme.Weights weights) {
    this.architecture = architecture;
    this.weights = weights;
  }

  /** A checkpoint for a scheme with quantized weights. */
  static QuantizedCheckpoint of(Architecture architecture, Scheme scheme) {
    RandomCodes codes = new RandomCodes(architecture, scheme.weights().orElseThrow());
    QuantizedCheckpoint checkpoint =
        new QuantizedCheckpoint(
            new LinkedHashMap<>(),
            new Provenance(
                "random",
                "random",
                new LinkedHashMap<>(Map.of("scheme", scheme.name())),
                new LinkedHashMap<>(),
                new LinkedHashMap<>()));
    Map<Projection, StoredLinear> linears = new EnumMap<>(Projection.class);
    Map<Projection, LinearActivations> around = new EnumMap<>(Projection.class);
    Map<Integer, KroneckerTransform> transforms = new LinkedHashMap<>();
    for (Projection projection : Projection.values()) {
      linears.put(projection, codes.linear(projection));
      Optional<KroneckerTransform> transform =
          scheme.transforms()
              ? Optional.of(
                  transforms.computeIfAbsent(
                      architecture.inputFeatures(projection), codes::transform))
              : Optional.empty();
      around.put(
          projection, new LinearActivations(transform, scheme.activations(), Optional.empty()));
    }
    for (int layer = 0; layer < architecture.layers(); layer++) {
      if (scheme.cache().isPresent()) {
        checkpoint.attention().put(layer, AttentionActivations.rounding(scheme.cache().get()));
      }
      for (Projection projection : Projection.values()) {
        checkpoint.linears().put(projection.module(layer), linears.get(projection));
        checkpoint.activations().put(projection.module(layer), around.get(projection));
      }
    }
    return checkpoint;
  }

  private StoredLinear linear(Projection projection) {
    int rows = architecture.outputFeatures(projection);
    int columns = architecture.inputFeatures(projection);
    int groupSize = weights.groupSize() == 0 ? columns : Math.min(columns, weights.groupSize());
    return weights.binary()
        ? binary(rows, columns, groupSize)
        : grid(
            rows,
            columns,
            groupSize,
            projection == Projection.DOWN ? weights.downBits() : weights.bits());
  }

  /** Signs with two magnitudes per row and block, and a tenth of the columns salient. */
  private BinaryLinear binary(int rows, int columns, int blockSize) {
    int rowBytes = Math.ceilDiv(columns, Byte.SIZE);
    byte[] salient = new byte[rowBytes];
    byte[] signs = new byte[rows * rowBytes];
    byte[] selectors = new byte[rows * rowBytes];
    random.nextBytes(signs);
    random.nextBytes(selectors);
    for (int k = 0; k < columns; k += SALIENT_EVERY) {
      salient[k / Byte.SIZE] |= (byte) (1 << (k % Byte.SIZE));
    }
    clearUnused(columns, salient, signs, selectors);
    int terms = rows * Math.ceilDiv(columns, blockSize) * BinaryLinear.TERMS;
    float[] scales = new float[terms];
    Arrays.fill(scales, SCALE);
    return new BinaryLinear(
        rows, columns, blockSize, salient, signs, selectors, new float[terms], scales);
  }

  /** Bits of a row beyond its columns are 0, as they are in a checkpoint. */
  private static void clearUnused(int columns, byte[]... planes) {
    int used = columns % Byte.SIZE;
    int rowBytes = Math.ceilDiv(columns, Byte.SIZE);
    for (byte[] plane : planes) {
      for (int last = rowBytes - 1; used > 0 && last < plane.length; last += rowBytes) {
        plane[last] &= (byte) ((1 << used) - 1);
      }
    }
  }

  private GridLinear grid(int rows, int columns, int groupSize, int bits) {
    byte[] codes = new byte[rows * GridLinear.rowBytes(columns, bits)];
    random.nextBytes(codes);
    int cells = rows * Math.ceilDiv(columns, groupSize);
    float[] scales = new float[cells];
    Arrays.fill(scales, SCALE);
    byte[] zeros = new byte[cells];
    Arrays.fill(zeros, (byte) (1 << (bits - 1)));
    GridLinear linear =
        new GridLinear(
            rows, columns, bits, groupSize, true, codes, scales, zeros, Optional.empty());
    if (!weights.secondScales()) {
      return linear;
    }
    float[] channels = new float[rows];
    Arrays.fill(channels, SCALE / SECOND_SCALE);
    return linear.withChannelScales(channels);
  }

  /** Factors as square as the width allows. */
  private KroneckerTransform transform(int width) {
    int left = (int) Math.sqrt(width);
    while (width % left != 0) {
      left--;
    }
    return new KroneckerTransform(
        left, width / left, Optional.of(matrix(left)), Optional.of(matrix(width / left)));
  }

  private float[] matrix(int size) {
    float[] values = new float[size * size];
    double largest = Math.sqrt(3.0 / size);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-largest, largest);
    }
    return values;
  }
}
