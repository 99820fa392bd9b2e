package org.bitatlas.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;

/** The machine a record was made on, as a person would name it. Provenance, not key. */
public final class Machine {
  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

  private Machine() {}

  /** Processor, cores, system, Java and commit, by name. */
  public static SequencedMap<String, String> describe() {
    SequencedMap<String, String> machine = new LinkedHashMap<>();
    processor().ifPresent(name -> machine.put("processor", name));
    machine.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    machine.put("java", Runtime.version().toString());
    Optional.ofNullable(System.getProperty("bitatlas.commit"))
        .filter(commit -> !commit.isBlank())
        .ifPresent(commit -> machine.put("commit", commit));
    return machine;
  }

  private static Optional<String> processor() {
    if (!Files.isReadable(PROCESSOR)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(PROCESSOR)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
