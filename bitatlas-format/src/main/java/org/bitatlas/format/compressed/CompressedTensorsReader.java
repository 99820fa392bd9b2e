package org.bitatlas.format.compressed;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
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
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.MappedLinears;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Reads compressed-tensors checkpoints with integer weights, packed or plain, with inputs rounded
 * per token or by a fixed range; also layers of earlier releases whose groups are scattered ({@code
 * weight_g_idx}).
 */
public final class CompressedTensorsReader implements FormatReader {

  @Override
  public FormatName format() {
    return FormatName.COMPRESSED_TENSORS;
  }

  @Override
  public boolean recognizes(Path folder) {
    return section(folder).isPresent();
  }

  private static Optional<ConfigFields> section(Path folder) {
    return ConfigFields.quantization(folder)
        .or(() -> ConfigFields.section(folder.resolve("config.json"), "compression_config"))
        .filter(section ->
            section.text("quant_method").orElse("compressed-tensors").equals("compressed-tensors"));
  }

  @Override
  public ModelFolder map(Path folder) {
    StoredScheme scheme =
        StoredScheme.read(
            section(folder)
                .orElseThrow(() ->
                    new BitAtlasException(
                        "The folder %s holds no compressed-tensors checkpoint."
                            .formatted(folder))));
    return ForeignFolder.open(folder, (architecture, stored) -> find(scheme, architecture, stored));
  }

  private static ForeignFolder.Found find(
      StoredScheme scheme, Architecture architecture, Checkpoint stored) {
    MappedLinears linears = new MappedLinears();
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    Set<String> consumed = new HashSet<>();
    for (String module : ForeignFolder.modules(architecture)) {
      Optional<StoredScheme.Group> group = scheme.of(module);
      boolean tiedHead =
          module.equals(QuantizedCheckpoint.HEAD)
              && architecture.tiedEmbeddings()
              && stored.find(module + ".weight_scale").isEmpty();
      if (group.isPresent() && !tiedHead) {
        int[] size = ForeignFolder.size(architecture, module);
        LayerReading layer = new LayerReading(stored, module, size[0], size[1], group.get());
        linears.addGrid(module, layer::cells, layer::codes);
        consumed.addAll(layer.names());
        LinearActivations around = layer.activations();
        if (!around.equals(LinearActivations.NONE)) {
          activations.put(module, around);
        }
      }
    }
    SequencedMap<String, String> recipe = new LinkedHashMap<>();
    recipe.put("format", FormatName.COMPRESSED_TENSORS.label());
    return new ForeignFolder.Found(linears, activations, consumed, recipe);
  }
}
