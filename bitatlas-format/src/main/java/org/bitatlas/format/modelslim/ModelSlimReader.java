package org.bitatlas.format.modelslim;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatReader;
import org.bitatlas.format.SelectedTensors;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.MappedLinears;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.ProvenanceFile;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;

/** Reads AscendV1, the format of msModelSlim. */
public final class ModelSlimReader implements FormatReader {

  @Override
  public FormatName format() {
    return FormatName.MODELSLIM;
  }

  @Override
  public boolean recognizes(Path folder) {
    return Files.isRegularFile(folder.resolve(Description.FILE));
  }

  @Override
  public ModelFolder map(Path folder) {
    Architecture architecture = ArchitectureReader.read(folder.resolve("config.json"));
    Description description = Description.read(folder);
    description
        .cacheType()
        .ifPresent(type -> {
          throw new BitAtlasException(
              "The checkpoint %s stores keys and values as %s, which is not read; it can be served but not run here."
                  .formatted(folder, type));
        });
    Checkpoint stored = SafetensorsCheckpoint.open(folder, ModelSlimWriter.STEM);
    try {
      QuantizedCheckpoint quantized = quantized(folder, architecture, description, stored);
      Set<String> coded =
          stored.names().stream()
              .filter(name -> !LinearType.FLOAT.name().equals(description.types().get(name)))
              .collect(Collectors.toSet());
      Checkpoint floats = new SelectedTensors(stored, coded);
      CheckpointValidation.check(architecture, floats, quantized);
      return new ModelFolder(folder, architecture, floats, Optional.of(quantized));
    } catch (RuntimeException refused) {
      stored.close();
      throw refused;
    }
  }

  private static QuantizedCheckpoint quantized(
      Path folder, Architecture architecture, Description description, Checkpoint stored) {
    MappedLinears linears = new MappedLinears();
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        LinearType type = type(folder, module, description);
        if (type == LinearType.FLOAT) {
          continue;
        }
        LayerReading reading =
            new LayerReading(
                stored,
                description,
                module,
                type,
                architecture.outputFeatures(projection),
                architecture.inputFeatures(projection));
        linears.addGrid(module, reading::cells, reading::codes);
        LinearActivations around = reading.activations();
        if (!around.equals(LinearActivations.NONE)) {
          activations.put(module, around);
        }
      }
    }
    return new QuantizedCheckpoint(
        linears,
        activations,
        new LinkedHashMap<>(),
        new LinkedHashMap<>(),
        ProvenanceFile.find(folder).orElseGet(() -> unknown(folder, stored)));
  }

  private static LinearType type(Path folder, String module, Description description) {
    String word =
        description
            .word(module)
            .orElseThrow(() ->
                new BitAtlasException(
                    "The description of %s does not name %s.weight, which the model has."
                        .formatted(folder, module)));
    return LinearType.ofWord(word)
        .orElseThrow(() ->
            new BitAtlasException(
                "The layer %s of %s has type %s, which is not read."
                    .formatted(module, folder, word)));
  }

  private static Provenance unknown(Path folder, Checkpoint stored) {
    SequencedMap<String, String> recipe = new LinkedHashMap<>();
    recipe.put("format", FormatName.MODELSLIM.label());
    return new Provenance(
        folder.getFileName() + "",
        stored.weightsDigest(),
        recipe,
        new LinkedHashMap<>(),
        new LinkedHashMap<>());
  }
}
