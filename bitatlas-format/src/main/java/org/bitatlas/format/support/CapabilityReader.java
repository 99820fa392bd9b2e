package org.bitatlas.format.support;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.SupportedScheme.Evidence;
import org.bitatlas.format.support.SupportedScheme.Layers;
import org.bitatlas.format.support.SupportedScheme.Symmetry;
import org.bitatlas.tensor.BitAtlasException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads the YAML of a {@link CapabilityTable}. */
final class CapabilityReader {
  private static final int FORMAT = 1;

  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final String file;
  private final Map<String, String> sources;

  private CapabilityReader(String file, Map<String, String> sources) {
    this.file = file;
    this.sources = sources;
  }

  /** The file as it is written; what may be left out may be null. */
  private record Table(
      int format, @Nullable Map<String, String> sources, @Nullable List<Stack> stacks) {}

  private record Stack(
      @Nullable String name,
      @Nullable String title,
      @Nullable Versions versions,
      @Nullable String revision,
      @Nullable List<String> devices,
      @Nullable SequencedMap<String, String> models,
      @Nullable SequencedMap<String, String> serve,
      boolean quantizedTables,
      @Nullable List<Row> schemes) {}

  private record Versions(@Nullable String from, @Nullable String through, boolean main) {}

  private record Groups(boolean channel, @Nullable List<Integer> sizes, int multipleOf) {}

  private record Row(
      @Nullable String name,
      @Nullable String layers,
      @Nullable List<String> formats,
      @Nullable List<String> devices,
      @Nullable Versions versions,
      @Nullable List<Integer> bits,
      @Nullable Groups groups,
      @Nullable String weights,
      @Nullable String inputs,
      @Nullable Integer inputBits,
      @Nullable Boolean symmetricInputs,
      @Nullable Boolean bias,
      boolean transforms,
      boolean dense,
      @Nullable String evidence,
      @Nullable String runs,
      @Nullable String remark,
      @Nullable String source) {}

  static List<ServingStack> read(String file, String yaml) {
    Table table;
    try {
      table = YAML.readValue(yaml, Table.class);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The capability table %s is not readable: %s."
              .formatted(file, e.getOriginalMessage().lines().findFirst().orElse("not YAML")),
          e);
    }
    if (table == null || table.format() != FORMAT) {
      throw new BitAtlasException(
          "The capability table %s is not of format %d; take the one of this version."
              .formatted(file, FORMAT));
    }
    Map<String, String> sources = Optional.ofNullable(table.sources()).orElse(Map.of());
    CapabilityReader reader = new CapabilityReader(file, sources);
    List<ServingStack> stacks = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Stack stack : reader.required("stacks", table.stacks())) {
      ServingStack read = reader.stack(stack);
      if (!names.add(read.name())) {
        throw reader.wrong("stacks", "name " + read.name() + " twice");
      }
      stacks.add(read);
    }
    return List.copyOf(stacks);
  }

  private ServingStack stack(Stack stack) {
    String name = required("the name of a stack", stack.name());
    VersionRange versions = range(name, required(name + ".versions", stack.versions()));
    List<DeviceFamily> devices = devices(name, stack.devices());
    List<SupportedScheme> schemes = new ArrayList<>();
    for (Row row : required(name + ".schemes", stack.schemes())) {
      schemes.add(scheme(name, row, versions, devices));
    }
    return new ServingStack(
        name,
        required(name + ".title", stack.title()),
        versions,
        Optional.ofNullable(stack.revision()).orElse(""),
        devices,
        Optional.ofNullable(stack.models()).orElseGet(LinkedHashMap::new),
        Optional.ofNullable(stack.serve()).orElseGet(LinkedHashMap::new),
        stack.quantizedTables(),
        schemes);
  }

  private SupportedScheme scheme(
      String stack, Row row, VersionRange versions, List<DeviceFamily> devices) {
    String place = stack + "." + required("a scheme of " + stack, row.name());
    Groups groups = required(place + ".groups", row.groups());
    String inputs = Optional.ofNullable(row.inputs()).orElse(Inputs.Rounding.NONE.id());
    return at(
        place,
        () ->
            new SupportedScheme(
                required(place, row.name()),
                choice(place + ".layers", row.layers(), Layers.LINEAR, Layers::valueOf),
                required(place + ".formats", row.formats()).stream().map(FormatName::of).toList(),
                row.devices() == null ? devices : devices(place, row.devices()),
                row.versions() == null ? versions : range(place, row.versions()),
                required(place + ".bits", row.bits()),
                new Grouping(
                    groups.channel(),
                    Optional.ofNullable(groups.sizes()).orElse(List.of()),
                    groups.multipleOf()),
                choice(place + ".weights", row.weights(), Symmetry.SYMMETRIC, Symmetry::valueOf),
                new Inputs(
                    Inputs.Rounding.of(inputs),
                    Optional.ofNullable(row.inputBits()).orElse(Inputs.FLOAT_BITS),
                    Optional.ofNullable(row.symmetricInputs()).orElse(true)),
                Optional.ofNullable(row.bias()).orElse(true),
                row.transforms(),
                row.dense(),
                choice(place + ".evidence", row.evidence(), Evidence.SOURCE, Evidence::valueOf),
                Optional.ofNullable(row.runs()).orElse(""),
                Optional.ofNullable(row.remark()).orElse(""),
                source(place, row.source())));
  }

  /** A source is a place in one of the sources that the table lists: {@code key: place}. */
  private String source(String place, @Nullable String text) {
    String source = required(place + ".source", text);
    int colon = source.indexOf(':');
    String key = colon < 0 ? source : source.substring(0, colon);
    String known = sources.get(key);
    if (known == null) {
      throw wrong(place + ".source", "names " + key + ", which is not among the sources");
    }
    return colon < 0 ? known : known + ": " + source.substring(colon + 1).strip();
  }

  private List<DeviceFamily> devices(String place, @Nullable List<String> names) {
    return at(
        place + ".devices",
        () -> required(place + ".devices", names).stream().map(DeviceFamily::of).toList());
  }

  private VersionRange range(String place, Versions versions) {
    return at(
        place + ".versions",
        () ->
            new VersionRange(
                StackVersion.of(required(place + ".versions.from", versions.from())),
                Optional.ofNullable(versions.through()).map(StackVersion::of),
                versions.main()));
  }

  private <T> T choice(
      String place, @Nullable String text, T fallback, Function<String, T> valueOf) {
    if (text == null) {
      return fallback;
    }
    try {
      return valueOf.apply(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException _) {
      throw wrong(place, "is '" + text + "', which is unknown");
    }
  }

  private <T> T at(String place, Supplier<T> read) {
    try {
      return read.get();
    } catch (BitAtlasException e) {
      if (e.getMessage() != null && e.getMessage().startsWith("The capability table")) {
        throw e;
      }
      throw new BitAtlasException(
          "The capability table %s, %s: %s".formatted(file, place, e.getMessage()), e);
    }
  }

  private <T> T required(String place, @Nullable T value) {
    if (value == null) {
      throw wrong(place, "is missing");
    }
    return value;
  }

  private BitAtlasException wrong(String place, String what) {
    return new BitAtlasException(
        "The capability table %s: %s %s; mend the file.".formatted(file, place, what));
  }
}
