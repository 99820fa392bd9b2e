package org.bitatlas.format.awq;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.format.ConfigFields;
import org.bitatlas.format.ForeignFolder;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatReader;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.MappedLinears;
import org.bitatlas.tensor.BitAtlasException;

/** Reads AWQ checkpoints in the GEMM layout; other layouts are refused. */
public final class AwqReader implements FormatReader {

  /** Where AutoAWQ wrote its settings before {@code config.json} had them, under other names. */
  private static final String LEGACY = "quant_config.json";

  @Override
  public FormatName format() {
    return FormatName.AWQ;
  }

  @Override
  public boolean recognizes(Path folder) {
    return section(folder).isPresent();
  }

  private static Optional<ConfigFields> section(Path folder) {
    return ConfigFields.quantization(folder, LEGACY)
        .filter(
            fields -> fields.text("quant_method").map("awq"::equals).orElse(fields.has("w_bit")));
  }

  @Override
  public ModelFolder map(Path folder) {
    ConfigFields section =
        section(folder)
            .orElseThrow(() ->
                new BitAtlasException("The folder %s holds no AWQ checkpoint.".formatted(folder)));
    String version = section.text("version").orElse("gemm").toLowerCase(Locale.ROOT);
    if (!version.equals("gemm")) {
      throw section.wrong("version", "gemm: other layouts are not read");
    }
    String width = section.has("w_bit") ? "w_bit" : "bits";
    if (section.require(width, 1, 8) != AwqLayer.BITS) {
      throw section.wrong(width, "4, the only width of the GEMM layout");
    }
    return ForeignFolder.open(
        folder, (architecture, stored) -> find(section, architecture, stored));
  }

  private static ForeignFolder.Found find(
      ConfigFields section, Architecture architecture, Checkpoint stored) {
    MappedLinears linears = new MappedLinears();
    Set<String> consumed = new HashSet<>();
    Optional<Integer> groupSize =
        section
            .integer("group_size", -1, Integer.MAX_VALUE)
            .or(() -> section.integer("q_group_size", -1, Integer.MAX_VALUE))
            .filter(columns -> columns > 0);
    for (String module : ForeignFolder.modules(architecture)) {
      if (stored.find(module + ".qweight").isPresent()) {
        int[] size = ForeignFolder.size(architecture, module);
        AwqLayer layer = new AwqLayer(stored, module, size[0], size[1], groupSize.orElse(size[1]));
        linears.addGrid(module, layer::cells, layer::codes);
        consumed.addAll(layer.names());
        ForeignFolder.skipZeroBias(architecture, stored, module, consumed);
      }
    }
    SequencedMap<String, String> recipe = new LinkedHashMap<>();
    recipe.put("format", FormatName.AWQ.label());
    recipe.put("bits", String.valueOf(AwqLayer.BITS));
    recipe.put("group_size", groupSize.orElse(-1).toString());
    return new ForeignFolder.Found(linears, new LinkedHashMap<>(), consumed, recipe);
  }
}
