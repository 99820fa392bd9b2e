package org.bitatlas.format.gptq;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.format.BoundedPattern;
import org.bitatlas.format.ConfigFields;
import org.bitatlas.format.ForeignFolder;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatReader;
import org.bitatlas.format.JsonFile;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;

/** Reads GPTQ checkpoints of both versions. */
public final class GptqReader implements FormatReader {

  private static final String LEGACY = "quantize_config.json";

  @Override
  public FormatName format() {
    return FormatName.GPTQ;
  }

  @Override
  public boolean recognizes(Path folder) {
    return section(folder).isPresent();
  }

  private static Optional<ConfigFields> section(Path folder) {
    Optional<ConfigFields> section = ConfigFields.quantization(folder);
    Path legacy = folder.resolve(LEGACY);
    if (section.isEmpty() && Files.isRegularFile(legacy)) {
      section = Optional.of(new ConfigFields(legacy, "the file", JsonFile.read(legacy)));
    }
    return section.filter(
        fields -> fields.text("quant_method").map("gptq"::equals).orElse(fields.has("desc_act")));
  }

  @Override
  public ModelFolder read(Path folder) {
    ConfigFields section =
        section(folder)
            .orElseThrow(() ->
                new BitAtlasException("The folder %s holds no GPTQ checkpoint.".formatted(folder)));
    GptqVersion version = version(section);
    return ForeignFolder.open(
        folder, (architecture, stored) -> find(section, version, architecture, stored));
  }

  private static GptqVersion version(ConfigFields section) {
    String name =
        section
            .text("checkpoint_format")
            .or(() -> section.text("format"))
            .orElse(GptqVersion.V1.label());
    for (GptqVersion version : GptqVersion.values()) {
      if (version.label().equals(name)) {
        return version;
      }
    }
    throw section.wrong("checkpoint_format", "gptq or gptq_v2");
  }

  private static ForeignFolder.Found find(
      ConfigFields section, GptqVersion version, Architecture architecture, Checkpoint stored) {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    Set<String> consumed = new HashSet<>();
    List<Map.Entry<String, ConfigFields>> overrides = section.objects("dynamic");
    for (String module : ForeignFolder.modules(architecture)) {
      if (stored.find(module + ".qweight").isPresent()) {
        ConfigFields stated = stated(module, section, overrides);
        int bits = width(stated, section);
        int[] size = ForeignFolder.size(architecture, module);
        int groupSize =
            stated
                .integer("group_size", -1, Integer.MAX_VALUE)
                .or(() -> section.integer("group_size", -1, Integer.MAX_VALUE))
                .filter(columns -> columns > 0)
                .orElse(size[1]);
        linears.put(
            module, GptqLayer.read(stored, module, size, bits, groupSize, version, consumed));
        ForeignFolder.skipZeroBias(architecture, stored, module, consumed);
      }
    }
    SequencedMap<String, String> recipe = new LinkedHashMap<>();
    recipe.put("format", version.label());
    recipe.put("bits", String.valueOf(section.require("bits", 2, 8)));
    recipe.put(
        "group_size", section.integer("group_size", -1, Integer.MAX_VALUE).orElse(-1).toString());
    return new ForeignFolder.Found(linears, new LinkedHashMap<>(), consumed, recipe);
  }

  private static int width(ConfigFields stated, ConfigFields section) {
    int bits = stated.integer("bits", 2, 8).orElseGet(() -> section.require("bits", 2, 8));
    if (bits == 5 || bits == 6 || bits == 7) {
      throw section.wrong("bits", "2, 3, 4 or 8");
    }
    return bits;
  }

  /** The overrides of a module, or the section itself. */
  private static ConfigFields stated(
      String module, ConfigFields section, List<Map.Entry<String, ConfigFields>> overrides) {
    for (Map.Entry<String, ConfigFields> override : overrides) {
      String name = override.getKey();
      String expression = name.startsWith("+:") || name.startsWith("-:") ? name.substring(2) : name;
      if (BoundedPattern.begins(module, expression)) {
        return override.getValue();
      }
    }
    return section;
  }
}
