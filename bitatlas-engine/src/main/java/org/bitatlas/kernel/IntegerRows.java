package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Integer weights for integer activations: y[n] = a * sum over g of scale[n][g] * (float) (sum over
 * k of g of x[k] (code[n][k] - zero[n][g])), the inner sum exact in 32 bits, the outer one in the
 * order of the groups, each term a fused multiply-add in fp32; a is the scale of the activation
 * row.
 *
 * <p>With second scales scale[n][g] = channel[n] * second[n][g], and y[n] = a * channel[n] *
 * (float) (sum over g of second[n][g] * the inner sum), exact in 32 bits up to the channel's scale.
 *
 * <p>Codes of up to 4 bits are stored in 4, wider ones in 8, signed: code - 2^(bits-1).
 */
public final class IntegerRows implements DecodeRows {

  /** Widest K for which 32 bits hold every sum: 32768 * 255 * 255 &lt; 2^31. */
  public static final int MAX_COLUMNS = 32768;

  private final int outputFeatures;
  private final CodeSlabs codes;
  private final PanelFloats scales;
  private final Optional<MemorySegment> zeros;
  private final Optional<MemorySegment> seconds;

  private IntegerRows(
      int outputFeatures,
      CodeSlabs codes,
      PanelFloats scales,
      Optional<MemorySegment> zeros,
      Optional<MemorySegment> seconds) {
    this.outputFeatures = outputFeatures;
    this.codes = codes;
    this.scales = scales;
    this.zeros = zeros;
    this.seconds = seconds;
  }

  /**
   * Whether a layer's codes times their second scales are signed bytes, of groups that begin at
   * every fourth column: whether {@link #withSecondScales} can hold it.
   */
  static boolean hasSecondScales(GridLinear linear) {
    if (!linear.hasSecondScales()) {
      return false;
    }
    int middle = 1 << (linear.bits() - 1);
    boolean fits = linear.bits() <= 4;
    ColumnGroups groups = ColumnGroups.of(linear);
    for (int group = 0; group < groups.count(); group++) {
      fits &= groups.start(group) % BlockedBytes.QUAD == 0;
    }
    for (byte second : linear.secondScales()) {
      fits &= second * middle <= Byte.MAX_VALUE;
    }
    return fits && middleEverywhere(linear);
  }

  /** Whether every zero point is 2^(bits-1). */
  static boolean middleEverywhere(GridLinear linear) {
    int middle = 1 << (linear.bits() - 1);
    for (byte zero : linear.zeroPoints()) {
      if ((zero & 0xFF) != middle) {
        return false;
      }
    }
    return true;
  }

  /**
   * Packs a layer with its second scales.
   *
   * @throws BitAtlasException when K is above {@link #MAX_COLUMNS}
   */
  static IntegerRows withSecondScales(GridLinear linear, Arena arena) {
    int rows = linear.outputFeatures();
    PanelFloats channels =
        new PanelFloats(rows, 1, arena).fill(linear.channelScales().orElseThrow());
    return new IntegerRows(
        rows,
        codes(linear, arena),
        channels,
        Optional.empty(),
        Optional.of(seconds(linear, arena)));
  }

  /** A slab of 16-bit numbers for each panel and group. */
  private static MemorySegment seconds(GridLinear linear, Arena arena) {
    int groups = linear.groups();
    int panels = Panels.count(linear.outputFeatures());
    MemorySegment memory = Panels.allocate(arena, (long) panels * groups * Panels.SLAB_BYTES);
    byte[] seconds = linear.secondScales();
    for (int row = 0; row < linear.outputFeatures(); row++) {
      for (int group = 0; group < groups; group++) {
        memory.set(
            Panels.HALF,
            secondAt(row / Panels.ROWS, groups, group, row % Panels.ROWS),
            seconds[row * groups + group]);
      }
    }
    return memory;
  }

  private static long secondAt(int panel, int groups, int group, int lane) {
    return ((long) panel * groups + group) * Panels.SLAB_BYTES
        + (long) Panels.word(lane) * Integer.BYTES
        + Panels.shift(lane) / Byte.SIZE;
  }

  private static CodeSlabs codes(GridLinear linear, Arena arena) {
    int columns = linear.inputFeatures();
    if (columns > MAX_COLUMNS) {
      throw new BitAtlasException(
          "A linear layer with %d input features is too wide for 32-bit sums; at most %d."
              .formatted(columns, MAX_COLUMNS));
    }
    ColumnGroups groups = ColumnGroups.of(linear);
    int[] widths = new int[groups.count()];
    Arrays.fill(widths, linear.bits() <= 4 ? 4 : 8);
    return new CodeSlabs(linear.outputFeatures(), groups, widths, arena)
        .fill(linear.outputFeatures(), centered(linear));
  }

  /**
   * Packs a layer.
   *
   * @param arena owns the packed memory; shared where several threads compute
   * @throws BitAtlasException when K is above {@link #MAX_COLUMNS}
   */
  public static IntegerRows of(GridLinear linear, Arena arena) {
    int rows = linear.outputFeatures();
    CodeSlabs codes = codes(linear, arena);
    ColumnGroups groups = codes.groups();
    PanelFloats scales = new PanelFloats(rows, groups.count(), arena).fill(linear.scales());
    return new IntegerRows(
        rows,
        codes,
        scales,
        middleEverywhere(linear) ? Optional.empty() : Optional.of(zeros(linear, groups, arena)),
        Optional.empty());
  }

  /** Signed codes: code - 2^(bits-1). */
  static CodeSlabs.RowCodes centered(GridLinear linear) {
    int middle = 1 << (linear.bits() - 1);
    return (row, target) -> {
      linear.unpackRow(row, target);
      for (int k = 0; k < target.length; k++) {
        target[k] -= (byte) middle;
      }
    };
  }

  private static MemorySegment zeros(GridLinear linear, ColumnGroups groups, Arena arena) {
    int panels = Panels.count(linear.outputFeatures());
    MemorySegment zeros = Panels.allocate(arena, (long) panels * groups.count() * Panels.ROWS);
    int middle = 1 << (linear.bits() - 1);
    for (int row = 0; row < linear.outputFeatures(); row++) {
      for (int group = 0; group < groups.count(); group++) {
        int zero = (linear.zeroPoints()[row * groups.count() + group] & 0xFF) - middle;
        long at =
            ((long) row / Panels.ROWS * groups.count() + group) * Panels.ROWS + row % Panels.ROWS;
        zeros.set(ValueLayout.JAVA_BYTE, at, (byte) zero);
      }
    }
    return zeros;
  }

  @Override
  public int outputFeatures() {
    return outputFeatures;
  }

  @Override
  public int inputFeatures() {
    return codes.groups().columns();
  }

  @Override
  public long bytes() {
    return codes.bytes()
        + scales.bytes()
        + zeros.map(MemorySegment::byteSize).orElse(0L)
        + seconds.map(MemorySegment::byteSize).orElse(0L);
  }

  @Override
  public int panelsPerTile() {
    return Panels.perTile(codes.panelBytes());
  }

  @Override
  public String layout() {
    return "s%d, %s%s"
        .formatted(
            width(),
            codes.groups().count() == 1 ? "per channel" : codes.groups().count() + " groups",
            zeros.isPresent() ? ", zero points" : seconds.isPresent() ? ", second scales" : "");
  }

  @Override
  public MemorySegment memory() {
    return codes.memory();
  }

  /** Bits of a stored code: 4 or 8. */
  int width() {
    return codes.width(0);
  }

  CodeSlabs codes() {
    return codes;
  }

  PanelFloats scales() {
    return scales;
  }

  boolean hasZeros() {
    return zeros.isPresent();
  }

  /** Zero point of a row's group minus 2^(bits-1); 0 where all are there. */
  int zero(int panel, int group, int row) {
    long at = ((long) panel * codes.groups().count() + group) * Panels.ROWS + row;
    return zeros.isPresent() ? zeros.get().get(ValueLayout.JAVA_BYTE, at) : 0;
  }

  boolean hasSeconds() {
    return seconds.isPresent();
  }

  /** The second scales: a slab of 16-bit numbers for each panel and group; empty without. */
  MemorySegment seconds() {
    return seconds.orElse(MemorySegment.NULL);
  }

  /** Where the second scales of a panel's group begin, in bytes. */
  long secondsOffset(int panel, int group) {
    return ((long) panel * codes.groups().count() + group) * Panels.SLAB_BYTES;
  }

  /** Second scale of a row's group; 1 where there are none. */
  int second(int panel, int group, int lane) {
    return seconds.isPresent()
        ? seconds.get().get(Panels.HALF, secondAt(panel, codes.groups().count(), group, lane))
        : 1;
  }

  /** Groups whose sums have a scale of their own. */
  int scaleGroups() {
    return seconds.isPresent() ? 1 : codes.groups().count();
  }

  ColumnGroups groups() {
    return codes.groups();
  }
}
