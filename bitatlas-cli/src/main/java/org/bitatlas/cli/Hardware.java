package org.bitatlas.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What this machine offers, read from the operating system. What it does not tell is left out.
 *
 * @param processor model name of the CPU
 * @param memoryBytes physical memory
 * @param availableBytes memory that can be used without swapping
 * @param memoryLimitBytes limit of the container
 * @param processorLimit limit of the container in cores
 */
record Hardware(
    Optional<String> processor,
    OptionalLong memoryBytes,
    OptionalLong availableBytes,
    OptionalLong memoryLimitBytes,
    OptionalDouble processorLimit) {

  /** A limit above this is how version 1 of control groups writes "none". */
  private static final long NO_LIMIT = Long.MAX_VALUE / 4;

  /** Looks at the machine whose files lie below {@code root}, usually {@code /}. */
  static Hardware look(Path root) {
    Optional<String> memory = text(root.resolve("proc/meminfo"));
    return new Hardware(
        text(root.resolve("proc/cpuinfo")).flatMap(Hardware::modelName).or(Hardware::fromSysctl),
        memory.map(text -> kibibytes(text, "MemTotal")).orElse(OptionalLong.empty()),
        memory.map(text -> kibibytes(text, "MemAvailable")).orElse(OptionalLong.empty()),
        memoryLimit(root.resolve("sys/fs/cgroup")),
        processorLimit(root.resolve("sys/fs/cgroup")));
  }

  /** The features that decide about kernels, with whether the CPU has them. */
  static String features(Set<String> flags) {
    if (flags.isEmpty()) {
      return "not told by this operating system";
    }
    List<String> features = new ArrayList<>();
    features.add(feature("AVX2", flags.contains("avx2")));
    features.add(feature("AVX-512", flags.contains("avx512f")));
    features.add(feature("VNNI", flags.contains("avx512_vnni") || flags.contains("avx_vnni")));
    features.add(feature("AVX-512 BF16", flags.contains("avx512_bf16")));
    features.add(feature("AMX int8", flags.contains("amx_int8")));
    features.add(feature("AMX bf16", flags.contains("amx_bf16")));
    return String.join(", ", features);
  }

  private static String feature(String name, boolean present) {
    return name + (present ? " yes" : " no");
  }

  private static Optional<String> modelName(String cpuInformation) {
    return cpuInformation
        .lines()
        .filter(line -> line.startsWith("model name") || line.startsWith("Model"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst();
  }

  private static Optional<String> fromSysctl() {
    if (!System.getProperty("os.name").startsWith("Mac")) {
      return Optional.empty();
    }
    try {
      Process process =
          new ProcessBuilder("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string").start();
      String name = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor(5, TimeUnit.SECONDS);
      return Optional.of(name.strip()).filter(text -> !text.isEmpty());
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static OptionalLong kibibytes(String memoryInformation, String key) {
    return memoryInformation
        .lines()
        .filter(line -> line.startsWith(key + ":"))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .filter(digits -> !digits.isEmpty())
        .mapToLong(digits -> Long.parseLong(digits) * 1024)
        .findFirst();
  }

  private static OptionalLong memoryLimit(Path groups) {
    return text(groups.resolve("memory.max"))
        .or(() -> text(groups.resolve("memory/memory.limit_in_bytes")))
        .map(String::strip)
        .filter(text -> text.matches("[0-9]{1,18}"))
        .map(Long::parseLong)
        .filter(limit -> limit < NO_LIMIT)
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  private static OptionalDouble processorLimit(Path groups) {
    Optional<String> both = text(groups.resolve("cpu.max"));
    String quota =
        both.map(text -> text.strip().split(" ")[0])
            .or(() -> text(groups.resolve("cpu/cpu.cfs_quota_us")).map(String::strip))
            .orElse("max");
    String period =
        both.map(text -> text.strip().replaceFirst("^\\S+ ", ""))
            .or(() -> text(groups.resolve("cpu/cpu.cfs_period_us")).map(String::strip))
            .orElse("");
    if (!quota.matches("[0-9]{1,15}") || !period.matches("[1-9][0-9]{0,14}")) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of((double) Long.parseLong(quota) / Long.parseLong(period));
  }

  private static Optional<String> text(Path file) {
    try {
      return Files.isReadable(file)
          ? Optional.of(Files.readString(file, StandardCharsets.UTF_8))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
