package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Ten thousand decode steps at constant native memory. */
@EnabledOnOs(OS.LINUX)
class NativeMemoryTest {

  private static final int STEPS = 10_000;
  private static final int STEPS_PER_BATCH = 250;

  /** One leaked [4 x 61] tensor of logits per step would be 10 MB. */
  private static final long TOLERANCE = 4L << 20;

  @Test
  void tenThousandDecodeStepsLeakNothing() {
    try (TransformerModel model = TinyModel.load(0)) {
      decode(model, 2_000);
      long before = allocatedBytes();
      decode(model, STEPS);
      long growth = allocatedBytes() - before;
      assertThat(growth).as("bytes more after %d steps", STEPS).isLessThan(TOLERANCE);
    }
  }

  private static void decode(TransformerModel model, int steps) {
    int[][] prompts = {{1, 5, 9}, {1, 7}, {1, 3, 3, 8}, {1}};
    for (int done = 0; done < steps; done += STEPS_PER_BATCH) {
      try (DecodingBatch batch = model.newBatch()) {
        try (TensorScope _ = TensorScope.open()) {
          batch.prefill(prompts);
        }
        int[] tokens = {4, 5, 6, 7};
        for (int step = 0; step < STEPS_PER_BATCH; step++) {
          try (TensorScope _ = TensorScope.open()) {
            long[] best = batch.step(tokens).argmax(1).toLongs();
            for (int row = 0; row < tokens.length; row++) {
              tokens[row] = (int) best[row];
            }
          }
          if (step == STEPS_PER_BATCH / 2) {
            batch.keepRows(new int[] {0, 2, 3});
            tokens = new int[] {tokens[0], tokens[2], tokens[3]};
          }
        }
      }
    }
  }

  /**
   * Bytes that malloc has handed out and not got back, over all arenas. Resident memory would also
   * move with the Java heap and the just-in-time compiler.
   */
  private static long allocatedBytes() {
    Linker linker = Linker.nativeLinker();
    MemoryLayout report =
        MemoryLayout.structLayout(
            MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG).withName("fields"));
    Optional<MemorySegment> symbol = linker.defaultLookup().find("mallinfo2");
    assumeTrue(symbol.isPresent(), "the C library cannot report what is allocated");
    MethodHandle call = linker.downcallHandle(symbol.get(), FunctionDescriptor.of(report));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment fields = (MemorySegment) call.invokeExact((SegmentAllocator) arena);
      long mapped = fields.getAtIndex(ValueLayout.JAVA_LONG, 4);
      long used = fields.getAtIndex(ValueLayout.JAVA_LONG, 7);
      return mapped + used;
    } catch (Throwable failure) {
      throw new AssertionError(failure);
    }
  }
}
