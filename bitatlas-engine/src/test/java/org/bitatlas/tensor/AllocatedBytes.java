package org.bitatlas.tensor;

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

/** What the C library knows of the native memory in use; Linux only. */
public final class AllocatedBytes {

  private AllocatedBytes() {}

  /**
   * Bytes that malloc has handed out and not got back, over all arenas. Resident memory would also
   * move with the Java heap and the just-in-time compiler.
   */
  public static long now() {
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
