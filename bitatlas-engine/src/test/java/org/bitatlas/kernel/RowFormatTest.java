package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;

/** Rows of bf16, rounded to nearest even. */
class RowFormatTest {

  @Test
  void everyPatternOfAHalfIsReadAndWrittenAsItIs() {
    int count = 1 << 16;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(2L * count, 64);
      for (int i = 0; i < count; i++) {
        memory.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) i);
      }
      float[] values = new float[count];
      RowFormat.read(memory, ElementType.BF16, 0, count, values, 0);
      MemorySegment written = arena.allocate(2L * count, 64);
      RowFormat.write(values, 0, count, written, ElementType.BF16, 0);
      for (int i = 0; i < count; i++) {
        assertThat(Float.floatToIntBits(values[i]))
            .isEqualTo(Float.floatToIntBits(Float.intBitsToFloat(i << 16)));
        short expected = Float.isNaN(values[i]) ? 0x7FC0 : (short) i;
        assertThat(written.getAtIndex(ValueLayout.JAVA_SHORT, i)).isEqualTo(expected);
      }
    }
  }

  @Test
  void vectorsRoundAsSingleValues() {
    float[] values = new KernelCases(1).floats(1003, 1);
    for (int i = 0; i < values.length; i += 3) {
      // Halves between two values.
      values[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) & 0xFFFF0000 | 0x8000);
    }
    values[5] = Float.NaN;
    values[6] = Float.POSITIVE_INFINITY;
    values[7] = Float.MAX_VALUE;
    values[8] = -0f;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(2L * values.length + 6, 64);
      RowFormat.write(values, 1, values.length - 1, memory, ElementType.BF16, 3);
      for (int i = 1; i < values.length; i++) {
        assertThat(memory.getAtIndex(ValueLayout.JAVA_SHORT, 2L + i))
            .isEqualTo(RowFormat.brain(values[i]));
      }
    }
  }
}
