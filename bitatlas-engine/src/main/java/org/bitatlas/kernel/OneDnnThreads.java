package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * How many threads an OpenMP region of the calling thread starts. oneDNN is built with OpenMP and
 * would use all cores; here a call is one tile, and the caller's threads share the tiles. The
 * number belongs to the calling thread and libtorch may share the OpenMP library, so it is put back
 * after each call.
 */
final class OneDnnThreads {

  private static final MethodHandle LIMIT;
  private static final MethodHandle SET_LIMIT;

  static {
    // A look-up in the binding finds the very OpenMP library that oneDNN is linked with; a process
    // may hold several.
    SymbolLookup library =
        SymbolLookup.libraryLookup(Path.of(OneDnn.libraryFile()), Arena.global());
    Linker linker = Linker.nativeLinker();
    LIMIT =
        linker.downcallHandle(
            library.findOrThrow("omp_get_max_threads"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT),
            Linker.Option.critical(false));
    SET_LIMIT =
        linker.downcallHandle(
            library.findOrThrow("omp_set_num_threads"),
            FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT),
            Linker.Option.critical(false));
  }

  private OneDnnThreads() {}

  /** Threads of the next OpenMP region of the calling thread. */
  static int limit() {
    try {
      return (int) LIMIT.invokeExact();
    } catch (Throwable failure) {
      throw new IllegalStateException(failure);
    }
  }

  /** Sets {@link #limit}. */
  static void setLimit(int threads) {
    try {
      SET_LIMIT.invokeExact(threads);
    } catch (Throwable failure) {
      throw new IllegalStateException(failure);
    }
  }

  /** Makes oneDNN calls of this thread run on it alone; the result goes to {@link #leave}. */
  static int enter() {
    int before = limit();
    if (before != 1) {
      setLimit(1);
    }
    return before;
  }

  /** Puts back what {@link #enter} found. */
  static void leave(int before) {
    if (before != 1) {
      setLimit(before);
    }
  }
}
