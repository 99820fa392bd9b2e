package org.bitatlas.tensor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;

/**
 * The native library behind {@link Tensor}: libtorch through JavaCPP, loaded on first use and run
 * single-threaded, because parallelism is over tiles on our own threads.
 */
public final class NativeRuntime {

  private NativeRuntime() {}

  /**
   * What is loaded and what it may use.
   *
   * @param libtorchVersion version of libtorch, for example 2.10.0
   * @param cpuCapability vector instructions libtorch dispatches to, for example AVX512
   * @param amxBf16 whether the CPU multiplies bf16 tiles in hardware (AMX)
   * @param threads threads of one libtorch operation
   */
  public record Description(
      String libtorchVersion, String cpuCapability, boolean amxBf16, int threads) {}

  private static final class Loaded {
    static final boolean DONE = loadLibraries();

    private static boolean loadLibraries() {
      // Memory is freed by scopes; the collector's own bookkeeping and limits stay out of the way.
      System.setProperty("org.bytedeco.javacpp.nopointergc", "true");
      System.setProperty("org.bytedeco.javacpp.maxbytes", "0");
      System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
      Loader.load(torch.class);
      torch.set_num_threads(1);
      Loader.load(openblas_nolapack.class);
      org.bytedeco.openblas.presets.openblas_nolapack.blas_set_num_threads(1);
      return true;
    }
  }

  /**
   * Loads the native libraries if they are not loaded yet.
   *
   * @throws BitAtlasException when they cannot be loaded on this machine
   */
  public static void load() {
    try {
      if (!Loaded.DONE) {
        throw new IllegalStateException("native libraries not loaded");
      }
    } catch (LinkageError error) {
      throw new BitAtlasException(
          "libtorch cannot be loaded on %s %s (%s); run on Linux x86-64, macOS arm64 or Windows x86-64 with org.bytedeco:pytorch on the class path."
              .formatted(
                  System.getProperty("os.name"), System.getProperty("os.arch"), rootMessage(error)),
          error);
    }
  }

  /**
   * Describes the loaded library and this CPU.
   *
   * @throws BitAtlasException when the library cannot be loaded
   */
  public static Description describe() {
    load();
    return new Description(
        libraryVersion(),
        cpuCapability(),
        cpuFeatures().contains("amx_bf16"),
        torch.get_num_threads());
  }

  private static String libraryVersion() {
    try {
      return Loader.getVersion("org.bytedeco", "pytorch", torch.class);
    } catch (IOException | RuntimeException unknown) {
      return "unknown";
    }
  }

  private static String cpuCapability() {
    try (TensorScope _ = TensorScope.open()) {
      return torch.get_cpu_capability().getString();
    }
  }

  /**
   * Feature flags of the CPU as Linux names them, sorted; empty where the operating system does not
   * list them. Needs no native library.
   */
  public static Set<String> cpuFeatures() {
    Path cpuInformation = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(cpuInformation)) {
      return Set.of();
    }
    try (var lines = Files.lines(cpuInformation, StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).trim().split("\\s+"))
          .<Set<String>>map(flags -> new TreeSet<>(Set.of(flags)))
          .orElse(Set.of());
    } catch (IOException unreadable) {
      return Set.of();
    }
  }

  /** Number of GPUs that libtorch can use; empty where it has no CUDA or sees none. */
  public static OptionalInt gpus() {
    load();
    return torch.hasCUDA()
        ? OptionalInt.of(Math.toIntExact(torch.getNumGPUs()))
        : OptionalInt.empty();
  }

  /** Bytes of physical memory this process uses, as the operating system counts them. */
  public static long physicalBytes() {
    load();
    return Pointer.physicalBytes();
  }

  /** Makes libtorch operations of the calling thread run single-threaded. */
  public static void useSingleThread() {
    load();
    torch.set_num_threads(1);
  }

  /**
   * Lets libtorch share each operation of the calling thread among threads of its own, for one
   * sequence that should use all cores; {@link #useSingleThread} ends it.
   *
   * @param threads at least 1
   */
  public static void useThreads(int threads) {
    load();
    torch.set_num_threads(threads);
  }

  /** Runs work whose libtorch operations stay on the calling thread, whatever others may use. */
  public static void onSingleThread(Runnable work) {
    load();
    int before = torch.get_num_threads();
    if (before != 1) {
      torch.set_num_threads(1);
    }
    try {
      work.run();
    } finally {
      if (before != 1) {
        torch.set_num_threads(before);
      }
    }
  }

  private static String rootMessage(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage();
    return root.getClass().getSimpleName() + (message == null ? "" : ": " + message);
  }
}
