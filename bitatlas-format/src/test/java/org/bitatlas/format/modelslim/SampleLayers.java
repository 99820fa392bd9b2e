package org.bitatlas.format.modelslim;

import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.bitatlas.format.TinyModel;
import org.bitatlas.format.TinyModel.Layer;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerSizes;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;

/** Quantized layers of a {@link TinyModel} for every type that is written. */
public final class SampleLayers {

  private SampleLayers() {}

  /** All layers of one type; for W4A8_DYNAMIC the attention in W8A8_DYNAMIC. */
  public static Function<String, Optional<Layer>> of(LinearType type) {
    return module -> Optional.of(layer(type, module));
  }

  static Layer layer(LinearType type, String module) {
    int rows = module.contains("k_proj") || module.contains("v_proj") ? 32 : rows(module);
    int columns = module.contains("down_proj") ? 128 : 64;
    boolean attention = module.contains("self_attn");
    long seed = module.hashCode();
    int bits = type.fourBits() ? 4 : 8;
    return switch (type) {
      case W8A16 -> new Layer(grid(rows, columns, bits, columns, seed), LinearActivations.NONE);
      case W8A8_DYNAMIC -> dynamic(rows, columns, 8, seed);
      case W8A8 ->
          new Layer(
              grid(rows, columns, bits, columns, seed),
              LinearActivations.rounding(
                  ActivationQuantizer.perTensor(8, attention, attention ? -3.3f : -1.7f, 2.9f)));
      case W4A8_DYNAMIC ->
          attention
              ? dynamic(rows, columns, 8, seed)
              : new Layer(twoLevels(rows, columns, seed), LinearActivations.NONE);
      case W4A4_DYNAMIC -> dynamic(rows, columns, 4, seed);
      case W4A4_FLATQUANT_DYNAMIC -> {
        KroneckerSizes sizes = KroneckerSizes.of(columns).orElseThrow();
        yield new Layer(
            grid(rows, columns, 4, columns, seed),
            new LinearActivations(
                Optional.of(
                    new KroneckerTransform(
                        sizes.left(),
                        sizes.right(),
                        Optional.of(matrix(sizes.left(), columns)),
                        Optional.of(matrix(sizes.right(), columns + 1)))),
                Optional.of(ActivationQuantizer.dynamic(4, true, Strategy.TOKEN, 0.9f)),
                Optional.empty()));
      }
      case FLOAT, W8A8_MIX -> throw new IllegalArgumentException(type + " is not written");
    };
  }

  static int rows(String module) {
    return module.contains("gate_proj") || module.contains("up_proj") ? 128 : 64;
  }

  private static Layer dynamic(int rows, int columns, int bits, long seed) {
    return new Layer(
        grid(rows, columns, bits, columns, seed),
        LinearActivations.rounding(ActivationQuantizer.perToken(bits, true)));
  }

  private static GridLinear grid(int rows, int columns, int bits, int groupSize, long seed) {
    return TinyModel.grid(rows, columns, bits, groupSize, seed);
  }

  static GridLinear twoLevels(int rows, int columns, long seed) {
    GridLinear grid = grid(rows, columns, 4, 32, seed);
    SplittableRandom random = new SplittableRandom(seed + 1);
    float[] channels = new float[rows];
    float[] scales = new float[grid.scales().length];
    for (int cell = 0; cell < scales.length; cell++) {
      int row = cell / grid.groups();
      channels[row] = 0.001f + 0.0001f * row;
      scales[cell] = channels[row] * (1 + random.nextInt(127));
    }
    return new GridLinear(
        rows,
        columns,
        4,
        32,
        true,
        grid.codes(),
        scales,
        grid.zeroPoints(),
        Optional.empty(),
        Optional.of(channels));
  }

  private static float[] matrix(int size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[size * size];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
