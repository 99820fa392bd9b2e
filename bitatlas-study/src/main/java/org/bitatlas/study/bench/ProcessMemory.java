package org.bitatlas.study.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Physical memory as Linux counts it; elsewhere nothing is known. */
public final class ProcessMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RESET = Path.of("/proc/self/clear_refs");
  private static final Path MACHINE = Path.of("/proc/meminfo");

  /** What {@code clear_refs} takes for: set the peak to what is in use now (Linux 4.0, proc(5)). */
  private static final String RESET_PEAK = "5";

  private ProcessMemory() {}

  /** Most memory this process used since {@link #resetPeak}, files it has mapped included. */
  public static OptionalLong peak() {
    return value(STATUS, "VmHWM:");
  }

  /** Memory that programs can take without swapping. */
  static OptionalLong available() {
    return value(MACHINE, "MemAvailable:");
  }

  /** Begins a new peak; returns whether the system does so. */
  static boolean resetPeak() {
    try {
      Files.writeString(RESET, RESET_PEAK, StandardCharsets.US_ASCII);
      return true;
    } catch (IOException refused) {
      return false;
    }
  }

  private static OptionalLong value(Path file, String name) {
    if (!Files.isReadable(file)) {
      return OptionalLong.empty();
    }
    try {
      return Files.readAllLines(file, StandardCharsets.UTF_8).stream()
          .filter(line -> line.startsWith(name))
          .map(line -> line.replaceAll("\\D", ""))
          .mapToLong(kibibytes -> Long.parseLong(kibibytes) * 1024)
          .findFirst();
    } catch (IOException unreadable) {
      return OptionalLong.empty();
    }
  }
}
