package org.bitatlas.format.gguf;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The block types of GGUF tensors that are read: a row of K weights is K / {@link #blockWeights()}
 * blocks of {@link #blockBytes()} bytes, one after the other (ggml-common.h).
 */
public enum GgufType {
  F32(0, 0, 1, 4, FloatBlocks::single, FloatBlocks::encodeSingle),
  F16(1, 1, 1, 2, FloatBlocks::half, FloatBlocks::encodeHalf),
  Q4_0(2, 2, 32, 18, SmallBlocks::q4, SmallBlockEncoder::q4),
  Q4_1(3, 3, 32, 20, SmallBlocks::q4WithMinimum, SmallBlockEncoder::q4WithMinimum),
  Q5_0(6, 8, 32, 22, SmallBlocks::q5, SmallBlockEncoder::q5),
  Q5_1(7, 9, 32, 24, SmallBlocks::q5WithMinimum, SmallBlockEncoder::q5WithMinimum),
  Q8_0(8, 7, 32, 34, SmallBlocks::q8, SmallBlockEncoder::q8),
  Q2_K(10, 10, 256, 84, SuperBlocks::q2),
  Q3_K(11, 12, 256, 110, SuperBlocks::q3),
  Q4_K(12, 15, 256, 144, SuperBlocks::q4, SuperBlockEncoder::q4),
  Q5_K(13, 17, 256, 176, SuperBlocks::q5),
  Q6_K(14, 18, 256, 210, SuperBlocks::q6, SuperBlockEncoder::q6),
  BF16(30, 32, 1, 2, FloatBlocks::brain, FloatBlocks::encodeBrain);

  /** Reads the blocks of one row. */
  @FunctionalInterface
  interface RowDecoder {
    /**
     * Writes the weights of a row.
     *
     * @param blocks the blocks of the row
     * @param weights [K]
     */
    void decode(byte[] blocks, float[] weights);
  }

  /** Rounds one row to blocks. */
  @FunctionalInterface
  interface RowEncoder {
    /**
     * Writes the blocks of a row.
     *
     * @param weights [K], finite
     * @param blocks all of it is written
     */
    void encode(float[] weights, byte[] blocks);
  }

  private final int number;
  private final int fileType;
  private final int blockWeights;
  private final int blockBytes;
  private final RowDecoder decoder;
  private final Optional<RowEncoder> encoder;

  GgufType(int number, int fileType, int blockWeights, int blockBytes, RowDecoder decoder) {
    this(number, fileType, blockWeights, blockBytes, decoder, Optional.empty());
  }

  GgufType(
      int number,
      int fileType,
      int blockWeights,
      int blockBytes,
      RowDecoder decoder,
      RowEncoder encoder) {
    this(number, fileType, blockWeights, blockBytes, decoder, Optional.of(encoder));
  }

  GgufType(
      int number,
      int fileType,
      int blockWeights,
      int blockBytes,
      RowDecoder decoder,
      Optional<RowEncoder> encoder) {
    this.number = number;
    this.fileType = fileType;
    this.blockWeights = blockWeights;
    this.blockBytes = blockBytes;
    this.decoder = decoder;
    this.encoder = encoder;
  }

  /** The type of a number in a file, or empty when it is not read. */
  static Optional<GgufType> ofNumber(int number) {
    return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
  }

  /**
   * The type of a name such as {@code Q4_K}.
   *
   * @throws BitAtlasException when there is none
   */
  public static GgufType of(String name) {
    return Arrays.stream(values())
        .filter(type -> type.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() ->
            new BitAtlasException(
                "There is no GGUF type \"" + name + "\"; choose " + names() + "."));
  }

  /** All names, for messages. */
  static String names() {
    return Arrays.stream(values()).map(GgufType::name).collect(Collectors.joining(", "));
  }

  /** The number that stands for this type in a file. */
  int number() {
    return number;
  }

  /** {@code general.file_type} of a file whose matrices are mostly of this type. */
  int fileType() {
    return fileType;
  }

  /** Weights of one block. */
  public int blockWeights() {
    return blockWeights;
  }

  /** Bytes of one block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Bits per weight, scales included. */
  public double bitsPerWeight() {
    return 8.0 * blockBytes / blockWeights;
  }

  /** Whether this is a floating point type. */
  public boolean isFloat() {
    return List.of(F32, F16, BF16).contains(this);
  }

  /** Whether rows of {@code columns} weights are whole blocks. */
  public boolean fits(long columns) {
    return columns % blockWeights == 0;
  }

  /** Bytes of a row of {@code columns} weights, a multiple of {@link #blockWeights()}. */
  public int rowBytes(int columns) {
    return Math.toIntExact((long) columns / blockWeights * blockBytes);
  }

  /**
   * Writes the weights of a row.
   *
   * @param blocks {@link #rowBytes} bytes
   * @param weights [K]
   */
  public void decodeRow(byte[] blocks, float[] weights) {
    decoder.decode(blocks, weights);
  }

  /** Whether weights can be rounded to this type; Q2_K, Q3_K and Q5_K are only read. */
  public boolean canEncode() {
    return encoder.isPresent();
  }

  /**
   * Rounds a row to this type, as ggml's reference does without an importance matrix.
   *
   * @param weights [K], finite, K a multiple of {@link #blockWeights()}
   * @param blocks {@link #rowBytes} bytes, all of which are written
   * @throws BitAtlasException when the type is only read
   */
  public void encodeRow(float[] weights, byte[] blocks) {
    encoder
        .orElseThrow(
            () -> new BitAtlasException("GGUF type " + name() + " is read, but not written."))
        .encode(weights, blocks);
  }
}
