package org.bitatlas.format.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatReader;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.MappedLinears;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads GGUF files of the {@code llama}, {@code qwen2} and {@code pangu-embedded} architectures:
 * matrices whose blocks are an integer grid as such, all others as dequantized floats.
 */
public final class GgufReader implements FormatReader {

  private static final String SUFFIX = ".gguf";
  private static final String WEIGHT = ".weight";

  @Override
  public FormatName format() {
    return FormatName.GGUF;
  }

  /** Whether {@code path} is a {@code .gguf} file, or a folder with one model in such files. */
  @Override
  public boolean recognizes(Path path) {
    return files(path).size() == 1;
  }

  private static List<Path> files(Path path) {
    if (Files.isRegularFile(path)) {
      return path.toString().endsWith(SUFFIX) ? GgufParts.models(List.of(path)) : List.of();
    }
    if (!Files.isDirectory(path)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(path)) {
      return GgufParts.models(
          entries.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList());
    } catch (IOException e) {
      throw new BitAtlasException("Cannot read " + path + ": " + e + ".", e);
    }
  }

  /** The file that {@code path} is, or the only one in it; of several parts the first. */
  static Path fileOf(Path path) {
    List<Path> files = files(path);
    if (files.size() != 1) {
      throw new BitAtlasException(
          "There is no GGUF model %s: expected a .gguf file or a folder with one, found %d."
              .formatted(path, files.size()));
    }
    return files.getFirst();
  }

  /** The models among {@code .gguf} files: of several parts the first, there or not. */
  public static List<Path> models(List<Path> files) {
    return GgufParts.models(files);
  }

  /** The folder in which the file lies. */
  static Path folderOf(Path path) {
    return Optional.ofNullable(fileOf(path).toAbsolutePath().getParent()).orElse(Path.of(""));
  }

  @Override
  public ModelFolder map(Path path) {
    GgufFile file = GgufFile.open(fileOf(path));
    try {
      GgufModel model = model(file);
      return new ModelFolder(
          model.floats().folder(),
          model.architecture(),
          model.floats(),
          model.quantized().linears().isEmpty()
              ? Optional.empty()
              : Optional.of(model.quantized()));
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /**
   * A file's model.
   *
   * @param configuration its {@code config.json}
   * @param quantized matrices on a grid
   * @param floats all others
   */
  record GgufModel(
      GgufArchitecture kind,
      ObjectNode configuration,
      Architecture architecture,
      QuantizedCheckpoint quantized,
      GgufCheckpoint floats) {}

  /**
   * The model of an open file.
   *
   * @throws BitAtlasException when it is of another architecture, or a tensor is missing, too much
   *     or of another shape
   */
  static GgufModel model(GgufFile file) {
    GgufArchitecture kind = GgufArchitecture.of(file.metadata());
    ObjectNode configuration = kind.configuration(file);
    Architecture architecture = ArchitectureReader.read(configuration, file.path());
    requireBlocks(file, architecture.layers());
    SequencedMap<String, GgufCheckpoint.Source> all = new LinkedHashMap<>();
    CheckpointValidation.expectedTensors(architecture)
        .forEach((name, shape) -> all.put(name, source(file, kind, architecture, name, shape)));
    requireNothingElse(file, all.size());
    SequencedMap<String, GgufCheckpoint.Source> floats = new LinkedHashMap<>();
    MappedLinears linears = new MappedLinears();
    for (Map.Entry<String, GgufCheckpoint.Source> entry : all.entrySet()) {
      GgufCheckpoint.Source source = entry.getValue();
      boolean matrix = source.tensor().info().shape().size() == 2;
      Optional<BlockGrid> grid =
          matrix ? BlockGrid.of(source.tensor(), source.order()) : Optional.empty();
      if (grid.isPresent()) {
        String name = entry.getKey();
        linears.addGrid(
            name.substring(0, name.length() - WEIGHT.length()),
            grid.get()::cells,
            grid.get()::codes);
      } else {
        floats.put(entry.getKey(), source);
      }
    }
    return new GgufModel(
        kind,
        configuration,
        architecture,
        new QuantizedCheckpoint(linears, provenance(file)),
        new GgufCheckpoint(file, floats));
  }

  private static GgufCheckpoint.Source source(
      GgufFile file,
      GgufArchitecture kind,
      Architecture architecture,
      String name,
      List<Long> shape) {
    String stored =
        GgufNames.ofHuggingFace(name)
            .orElseThrow(() -> new IllegalStateException("no GGUF name for " + name));
    GgufTensor tensor = file.get(stored);
    if (!tensor.info().shape().equals(shape)) {
      throw new BitAtlasException(
          "%s: tensor %s has shape %s, expected %s."
              .formatted(file.path(), stored, tensor.info().shape(), shape));
    }
    return new GgufCheckpoint.Source(tensor, kind.rowOrder(name, architecture.headDimension()));
  }

  /** Ends at the first block that is missing, before a hostile count of them is listed. */
  private static void requireBlocks(GgufFile file, int count) {
    for (int layer = 0; layer < count; layer++) {
      String query = Architecture.Projection.QUERY.module(layer) + WEIGHT;
      file.get(GgufNames.ofHuggingFace(query).orElseThrow());
    }
  }

  /** A tensor that the architecture does not ask for would change what the model computes. */
  private static void requireNothingElse(GgufFile file, int expected) {
    TreeSet<String> unknown = new TreeSet<>(file.tensors().keySet());
    unknown.remove(GgufNames.ROTARY_FACTORS);
    if (unknown.size() == expected) {
      return;
    }
    unknown.removeIf(name -> GgufNames.toHuggingFace(name).isPresent());
    throw new BitAtlasException(
        "%s has tensors that its architecture does not ask for%s; it is a model of another structure."
            .formatted(file.path(), unknown.isEmpty() ? "" : ", for example " + unknown.first()));
  }

  private static Provenance provenance(GgufFile file) {
    GgufMetadata metadata = file.metadata();
    SequencedMap<String, String> recipe = new LinkedHashMap<>();
    recipe.put("method", "read from GGUF");
    recipe.put("file", String.valueOf(file.path().getFileName()));
    metadata.findText(GeneralKeys.RECIPE).ifPresent(text -> recipe.put("recipe", text));
    return new Provenance(
        metadata.findText(GeneralKeys.NAME).orElse(String.valueOf(file.path().getFileName())),
        "",
        recipe,
        new LinkedHashMap<>(),
        new LinkedHashMap<>());
  }
}
