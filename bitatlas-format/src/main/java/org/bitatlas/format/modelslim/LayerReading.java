package org.bitatlas.format.modelslim;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.PackedWords;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.GridCells;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerSizes;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * Reads one layer back from its tensors.
 *
 * @param stored all tensors of the folder
 * @param description what they are
 * @param module name of the layer
 * @param type its type, not {@link LinearType#FLOAT}
 * @param rows N
 * @param columns K
 */
record LayerReading(
    Checkpoint stored,
    Description description,
    String module,
    LinearType type,
    int rows,
    int columns) {

  private static final int BYTE = 8;
  private static final int NIBBLE = 4;

  /** Scales of the layer's grid; zero points lie in the middle. */
  GridCells cells() {
    requireNoOffset(TensorNames.WEIGHT_OFFSET);
    requireCodes();
    return type == LinearType.W4A8_DYNAMIC
        ? twoLevels()
        : cells(columns, channelScales(), Optional.empty());
  }

  private int bits() {
    return type.fourBits() ? NIBBLE : BYTE;
  }

  private boolean nibblePairs() {
    return type == LinearType.W4A8_DYNAMIC && description.packed();
  }

  /** Their shape shows that the file holds as much as the configuration claims. */
  private void requireCodes() {
    StoredTensor weight = stored.get(module + TensorNames.WEIGHT);
    StoredIntegers.require(weight, ElementType.I8, nibblePairs() ? rows / 2 : rows, columns);
  }

  private GridCells twoLevels() {
    requireNoOffset(TensorNames.WEIGHT_OFFSET_SECOND);
    int groupSize = description.groupSize();
    if (groupSize == 0 || columns % groupSize != 0 || rows % 2 != 0) {
      throw damaged(
          "is W4A8_DYNAMIC with %d x %d weights and group_size %d, which does not divide them"
              .formatted(rows, columns, groupSize));
    }
    int groups = columns / groupSize;
    float[] channels = floats(TensorNames.WEIGHT_SCALE, rows, 1);
    float[] seconds = floats(TensorNames.WEIGHT_SCALE_SECOND, rows, groups);
    float[] scales = new float[seconds.length];
    boolean ones = true;
    boolean whole = groups > 1;
    for (int cell = 0; cell < scales.length; cell++) {
      float channel = channels[cell / groups];
      ones &= channel == 1;
      whole &=
          channel > 0
              && seconds[cell] == Math.rint(seconds[cell])
              && seconds[cell] >= 1
              && seconds[cell] <= GridLinear.MAX_SECOND_SCALE;
      scales[cell] = channel * seconds[cell];
    }
    return cells(groupSize, scales, whole && !ones ? Optional.of(channels) : Optional.empty());
  }

  private GridCells cells(int groupSize, float[] scales, Optional<float[]> channels) {
    byte[] zeros = new byte[scales.length];
    Arrays.fill(zeros, (byte) (1 << (bits() - 1)));
    return new GridCells(
        rows, columns, bits(), groupSize, true, scales, zeros, Optional.empty(), channels);
  }

  /** Reads the codes, as {@link GridLinear#codes()}. */
  byte[] codes() {
    StoredTensor weight = stored.get(module + TensorNames.WEIGHT);
    byte[] codes =
        nibblePairs()
            ? NibblePairs.unpack(StoredIntegers.bytes(weight, rows / 2, columns), rows, columns)
            : StoredIntegers.bytes(weight, rows, columns);
    int bits = bits();
    int middle = 1 << (bits - 1);
    for (int i = 0; i < codes.length; i++) {
      if (codes[i] < -middle || codes[i] >= middle) {
        throw damaged(
            "holds the code %d, and codes of %d bits are %d to %d"
                .formatted(codes[i], bits, -middle, middle - 1));
      }
      codes[i] = (byte) (codes[i] + middle);
    }
    return PackedWords.toCodes(PackedWords.pack(codes, rows, columns, bits), rows, columns, bits);
  }

  /** The scales of the output channels [N]; of a static layer without any, those of deq_scale. */
  private float[] channelScales() {
    boolean derived =
        type == LinearType.W8A8 && stored.find(module + TensorNames.WEIGHT_SCALE).isEmpty();
    if (!derived) {
      return floats(TensorNames.WEIGHT_SCALE, rows, 1);
    }
    float inputScale = staticInput().scale();
    float[] scales = deqScales();
    for (int n = 0; n < rows; n++) {
      scales[n] = scales[n] / inputScale;
    }
    return scales;
  }

  private float[] deqScales() {
    StoredTensor tensor = stored.get(module + TensorNames.DEQ_SCALE);
    if (tensor.type() != ElementType.I64) {
      return StoredFloats.values(tensor, List.of((long) rows));
    }
    long[] patterns = StoredIntegers.longs(tensor, rows);
    float[] scales = new float[rows];
    for (int n = 0; n < rows; n++) {
      scales[n] = DequantizationScale.ofPattern(patterns[n]);
    }
    return scales;
  }

  private StaticInput staticInput() {
    float offset = floats(TensorNames.INPUT_OFFSET, 1)[0];
    if (offset != Math.rint(offset)) {
      throw damaged("has input_offset " + offset + ", which is not a whole number");
    }
    return new StaticInput(floats(TensorNames.INPUT_SCALE, 1)[0], (int) offset);
  }

  /**
   * What happens to the layer's input: for W4A8_DYNAMIC nothing, as its kernel does. Layers of
   * W8A8_MIX are read as W8A8_DYNAMIC, as they decode.
   */
  LinearActivations activations() {
    return switch (type) {
      case FLOAT, W8A16, W4A8_DYNAMIC -> LinearActivations.NONE;
      case W8A8 -> LinearActivations.rounding(staticInput().quantizer());
      case W8A8_DYNAMIC, W8A8_MIX ->
          LinearActivations.rounding(ActivationQuantizer.perToken(BYTE, true));
      case W4A4_DYNAMIC -> LinearActivations.rounding(ActivationQuantizer.perToken(NIBBLE, true));
      case W4A4_FLATQUANT_DYNAMIC -> flatQuant();
    };
  }

  private LinearActivations flatQuant() {
    if (columns % BYTE != 0) {
      throw damaged("has " + columns + " input features, which is not a multiple of 8");
    }
    KroneckerSizes sizes = KroneckerSizes.of(columns).orElseThrow();
    float[] left = floats(TensorNames.LEFT_TRANS, sizes.left(), sizes.left());
    float[] right = floats(TensorNames.RIGHT_TRANS, sizes.right(), sizes.right());
    return new LinearActivations(
        Optional.of(
            new KroneckerTransform(
                sizes.left(), sizes.right(), Optional.of(left), Optional.of(right))),
        Optional.of(
            ActivationQuantizer.dynamic(
                NIBBLE, true, Strategy.TOKEN, floats(TensorNames.CLIP_RATIO, 1)[0])),
        Optional.empty());
  }

  private void requireNoOffset(String suffix) {
    Optional<StoredTensor> offset = stored.find(module + suffix);
    if (offset.isEmpty()) {
      return;
    }
    for (float value : StoredFloats.values(offset.get(), offset.get().shape())) {
      if (value != 0) {
        throw damaged(
            "has asymmetric weights: %s is not 0, and its sign means different things to ModelSlim and to the NPU"
                .formatted(suffix.substring(1)));
      }
    }
  }

  private float[] floats(String suffix, long... shape) {
    return StoredFloats.values(stored.get(module + suffix), Arrays.stream(shape).boxed().toList());
  }

  private BitAtlasException damaged(String problem) {
    return new BitAtlasException(
        "The layer %s of %s %s.".formatted(module, stored.folder(), problem));
  }
}
