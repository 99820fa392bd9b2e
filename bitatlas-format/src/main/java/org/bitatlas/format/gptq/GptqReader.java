package org.bitatlas.format.gptq;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.format.ConfigFields;
import org.bitatlas.format.ForeignFolder;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatReader;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.PackedWords;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.MappedLinears;
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
    return ConfigFields.quantization(folder, LEGACY)
        .filter(fields ->
            fields.text("quant_method").map("gptq"::equals).orElse(fields.has("desc_act")));
  }

  @Override
  public ModelFolder map(Path folder) {
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
    MappedLinears linears = new MappedLinears();
    Set<String> consumed = new HashSet<>();
    GptqSchemes schemes = GptqSchemes.of(section);
    for (String module : ForeignFolder.modules(architecture)) {
      if (stored.find(module + ".qweight").isPresent()) {
        int[] size = ForeignFolder.size(architecture, module);
        GptqScheme scheme = scheme(module, size, schemes, stored);
        GptqLayer layer =
            new GptqLayer(
                stored,
                module,
                size[0],
                size[1],
                width(scheme, section),
                scheme.groupSize(size[1]),
                version);
        linears.addGrid(module, layer::cells, layer::codes);
        consumed.addAll(layer.names());
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

  private static int width(GptqScheme scheme, ConfigFields section) {
    int bits = scheme.bits();
    if (bits == 5 || bits == 6 || bits == 7) {
      throw section.wrong("bits", "2, 3, 4 or 8");
    }
    return bits;
  }

  /**
   * The scheme of a layer whose codes are there: under its own name, as GPTQModel writes it, or
   * under that of the fused layer, where only vLLM was thought of; the one that the tensors fit.
   */
  private static GptqScheme scheme(
      String module, int[] size, GptqSchemes schemes, Checkpoint stored) {
    GptqScheme own = schemes.scheme(module).orElse(schemes.general());
    Optional<GptqScheme> whole = FusedModules.whole(module).flatMap(schemes::scheme);
    return whole
        .filter(other -> !fits(own, module, size, stored) && fits(other, module, size, stored))
        .orElse(own);
  }

  private static boolean fits(GptqScheme scheme, String module, int[] size, Checkpoint stored) {
    long words = PackedWords.rowWords(size[1], scheme.bits());
    long groups = size[1] / scheme.groupSize(size[1]);
    return has(stored, module + ".qweight", words, size[0])
        && has(stored, module + ".scales", groups, size[0]);
  }

  private static boolean has(Checkpoint stored, String name, long... shape) {
    List<Long> expected = Arrays.stream(shape).boxed().toList();
    return stored.find(name).filter(tensor -> tensor.shape().equals(expected)).isPresent();
  }
}
