package org.bitatlas.format;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.ProvenanceFile;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;

/** A folder of safetensors files and {@code config.json} that another tool quantized. */
public final class ForeignFolder {

  private ForeignFolder() {}

  /**
   * What a reader found.
   *
   * @param linears quantized layers by module name
   * @param activations what happens around them
   * @param consumed names of the tensors that they were read from
   * @param recipe how the folder says that it was quantized; used where it states no provenance
   */
  public record Found(
      SequencedMap<String, StoredLinear> linears,
      SequencedMap<String, LinearActivations> activations,
      Set<String> consumed,
      SequencedMap<String, String> recipe) {}

  /** Finds the quantized layers of a checkpoint. */
  public interface Search {
    /** Reads them; the checkpoint stays open. */
    Found find(Architecture architecture, Checkpoint stored);
  }

  /** Module names of all linear layers of an architecture, the head last. */
  public static List<String> modules(Architecture architecture) {
    List<String> modules = new ArrayList<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        modules.add(projection.module(layer));
      }
    }
    modules.add(QuantizedCheckpoint.HEAD);
    return modules;
  }

  /** The shape {N, K} of a linear layer's weight. */
  public static int[] size(Architecture architecture, String module) {
    if (module.equals(QuantizedCheckpoint.HEAD)) {
      return new int[] {architecture.vocabularySize(), architecture.hiddenSize()};
    }
    Projection projection =
        Projection.ofModule(module)
            .orElseThrow(() -> new IllegalArgumentException("no linear layer: " + module));
    return new int[] {
      architecture.outputFeatures(projection), architecture.inputFeatures(projection)
    };
  }

  /**
   * Opens a folder: validates the files, lets a search find the quantized layers and checks that
   * what is left is the rest of the model.
   *
   * @throws BitAtlasException when anything is missing, damaged or left over
   */
  public static ModelFolder open(Path folder, Search search) {
    Architecture architecture = ArchitectureReader.read(folder.resolve("config.json"));
    Checkpoint stored = SafetensorsCheckpoint.open(folder);
    try {
      requireBlocks(architecture, stored);
      Found found = search.find(architecture, stored);
      Provenance provenance =
          ProvenanceFile.find(folder)
              .orElseGet(() ->
                  new Provenance(
                      folder.toAbsolutePath().normalize().getFileName().toString(),
                      "",
                      found.recipe(),
                      new LinkedHashMap<>(),
                      new LinkedHashMap<>()));
      QuantizedCheckpoint quantized =
          new QuantizedCheckpoint(
              found.linears(),
              found.activations(),
              new LinkedHashMap<>(),
              new LinkedHashMap<>(),
              provenance);
      Checkpoint floats = new SelectedTensors(stored, found.consumed());
      CheckpointValidation.check(architecture, floats, quantized);
      return new ModelFolder(folder, architecture, floats, Optional.of(quantized));
    } catch (RuntimeException e) {
      stored.close();
      throw e;
    }
  }

  /** A configuration cannot make more work than the files have tensors. */
  private static void requireBlocks(Architecture architecture, Checkpoint stored) {
    if (architecture.layers() > stored.names().size()) {
      throw new BitAtlasException(
          "The configuration in %s claims %d blocks, but there are %d tensors in all."
              .formatted(stored.folder(), architecture.layers(), stored.names().size()));
    }
  }

  /**
   * Skips a bias of zeros where the architecture has none: AutoGPTQ stored one for every layer.
   *
   * @param consumed gets its name
   */
  public static void skipZeroBias(
      Architecture architecture, Checkpoint stored, String module, Set<String> consumed) {
    String name = module + ".bias";
    boolean expected = Projection.ofModule(module).filter(architecture::hasBias).isPresent();
    if (!expected && stored.find(name).filter(ForeignFolder::isZero).isPresent()) {
      consumed.add(name);
    }
  }

  private static boolean isZero(StoredTensor tensor) {
    for (byte part : tensor.data().toArray(ValueLayout.JAVA_BYTE)) {
      if (part != 0) {
        return false;
      }
    }
    return true;
  }
}
