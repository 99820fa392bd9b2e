package org.bitatlas.study.target;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.format.support.DeviceFamily;
import org.bitatlas.tensor.BitAtlasException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Finds targets by name, or in a user's own YAML file. */
public final class TargetCatalog {
  private static final int FORMAT = 1;

  /** Targets that belong to this program. */
  public static final List<String> NAMES =
      List.of("ascend-910b", "ascend-310p", "cpu-amx", "cpu-avx2", "cuda-h200");

  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private TargetCatalog() {}

  private record Amount(@Nullable Double value, @Nullable String basis, @Nullable String source) {}

  private record Stack(@Nullable String name, @Nullable String version) {}

  private record File(
      int format,
      @Nullable String name,
      @Nullable String title,
      @Nullable String family,
      @Nullable List<String> platforms,
      @Nullable Amount memory,
      @Nullable Amount bandwidth,
      @Nullable Map<String, Amount> peaks,
      @Nullable String numerics,
      @Nullable List<Stack> stacks,
      @Nullable List<String> remarks) {}

  /**
   * The target of a name, or of a YAML file where the name ends with {@code .yaml}.
   *
   * @throws BitAtlasException when there is none, or the file is wrong
   */
  public static HardwareTarget find(String name) {
    if (name.endsWith(".yaml") || name.endsWith(".yml")) {
      try {
        return read(name, Files.readString(Path.of(name)));
      } catch (IOException e) {
        throw new BitAtlasException(
            "The target %s cannot be read: %s; give a readable file or one of %s."
                .formatted(name, e, String.join(", ", NAMES)),
            e);
      }
    }
    if (!NAMES.contains(name)) {
      throw new BitAtlasException(
          "There is no target '%s'; known are %s, or give a YAML file of your own."
              .formatted(name, String.join(", ", NAMES)));
    }
    try (InputStream stream = TargetCatalog.class.getResourceAsStream(name + ".yaml")) {
      if (stream == null) {
        throw new IllegalStateException(name + ".yaml is missing from the program");
      }
      return read(name + ".yaml", new String(stream.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a target.
   *
   * @param file its name, for errors
   * @throws BitAtlasException naming what is missing or wrong
   */
  static HardwareTarget read(String file, String yaml) {
    File read;
    try {
      read = YAML.readValue(yaml, File.class);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The target %s is not readable: %s."
              .formatted(file, e.getOriginalMessage().lines().findFirst().orElse("not YAML")),
          e);
    }
    if (read == null || read.format() != FORMAT) {
      throw new BitAtlasException(
          "The target %s is not of format %d; begin the file with format: %d."
              .formatted(file, FORMAT, FORMAT));
    }
    Map<Arithmetic, Quantity> peaks = new EnumMap<>(Arithmetic.class);
    Optional.ofNullable(read.peaks())
        .orElse(Map.of())
        .forEach((name, amount) ->
            peaks.put(choice(file, "peaks", name, Arithmetic.class), quantity(file, name, amount)));
    CapabilityTable table = CapabilityTable.bundled();
    List<HardwareTarget.Stack> stacks =
        Optional.ofNullable(read.stacks()).orElse(List.of()).stream()
            .map(stack -> {
              String name = required(file, "the name of a stack", stack.name());
              String version = required(file, "the version of " + name, stack.version());
              at(file, () -> table.stack(name).version(version));
              return new HardwareTarget.Stack(name, version);
            })
            .toList();
    String family = required(file, "family", read.family());
    return new HardwareTarget(
        required(file, "name", read.name()),
        required(file, "title", read.title()),
        at(file, () -> DeviceFamily.of(family)),
        Optional.ofNullable(read.platforms()).orElse(List.of()),
        quantity(file, "memory", read.memory()),
        quantity(file, "bandwidth", read.bandwidth()),
        peaks,
        Optional.ofNullable(read.numerics()).orElse("float"),
        stacks,
        Optional.ofNullable(read.remarks()).orElse(List.of()));
  }

  private static Quantity quantity(String file, String name, @Nullable Amount amount) {
    Amount given = required(file, name, amount);
    Double value = required(file, name + ".value", given.value());
    return at(
        file,
        () ->
            new Quantity(
                value,
                choice(
                    file,
                    name + ".basis",
                    required(file, name + ".basis", given.basis()),
                    Quantity.Basis.class),
                required(file, name + ".source", given.source())));
  }

  private static <E extends Enum<E>> E choice(
      String file, String place, String text, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equals(text.toUpperCase(Locale.ROOT))) {
        return constant;
      }
    }
    throw new BitAtlasException(
        "The target %s: %s has the unknown word '%s'; expected one of %s."
            .formatted(
                file,
                place,
                text,
                String.join(
                        ", ", List.of(type.getEnumConstants()).stream().map(Enum::name).toList())
                    .toLowerCase(Locale.ROOT)));
  }

  private static <T> T at(String file, Supplier<T> read) {
    try {
      return read.get();
    } catch (BitAtlasException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith("The target")
          ? e
          : new BitAtlasException("The target %s: %s".formatted(file, message), e);
    }
  }

  private static <T> T required(String file, String name, @Nullable T value) {
    if (value == null) {
      throw new BitAtlasException("The target %s does not say %s; add it.".formatted(file, name));
    }
    return value;
  }
}
