package org.bitatlas.format.gguf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.checkpoint.FolderTree;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.NeutralFolder;
import org.bitatlas.scheme.CarriedFiles;
import org.bitatlas.scheme.PartialFolder;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A GGUF file unpacked to a model folder that everything runs: configuration and tokenizer rebuilt
 * from the metadata, matrices on an integer grid as BitAtlas's quantized layers, all others as
 * float tensors. Weights are the same numbers.
 */
public final class GgufUnpacking {

  private static final long SHARD_BYTES = 4L << 30;
  private static final String CONFIG = "config.json";

  private GgufUnpacking() {}

  /**
   * Unpacks a file. The folder gets its name when it is complete.
   *
   * @param gguf a {@code .gguf} file, or a folder with one; licence files beside it are carried
   * @param target the folder to write; a quantized checkpoint there is replaced
   * @param tokenizer a folder with the model's tokenizer, in place of the one in the file
   * @throws BitAtlasException when the file cannot be read or run, its tokenizer cannot be rebuilt,
   *     or {@code target} is something else
   */
  public static void unpack(Path gguf, Path target, Optional<Path> tokenizer) {
    try (GgufFile file = GgufFile.open(GgufReader.fileOf(gguf))) {
      GgufReader.GgufModel model = GgufReader.model(file);
      SequencedMap<String, byte[]> files = new LinkedHashMap<>();
      if (tokenizer.isEmpty()) {
        putTokenizer(file, model.kind(), files);
      }
      files.put(CONFIG, JsonFile.content(model.configuration()));
      Path staged = Files.createTempDirectory("bitatlas-gguf");
      try {
        stage(files, file.path(), tokenizer, staged);
        write(model, staged, target);
      } finally {
        FolderTree.delete(staged);
      }
    } catch (IOException e) {
      throw new BitAtlasException("Cannot unpack " + gguf + ": " + e + ".", e);
    }
  }

  private static void putTokenizer(
      GgufFile file, GgufArchitecture kind, SequencedMap<String, byte[]> files) {
    GgufVocabulary vocabulary = GgufVocabulary.of(file.metadata());
    if (vocabulary.model().equals(GgufVocabulary.SENTENCE_PIECE)) {
      SentencePieceFiles.write(vocabulary, kind == GgufArchitecture.PANGU_EMBEDDED, files);
    } else {
      BytePairFiles.write(vocabulary, file.path().toString(), files);
    }
  }

  private static void stage(
      Map<String, byte[]> files, Path gguf, Optional<Path> tokenizer, Path staged)
      throws IOException {
    for (Path legal : CarriedFiles.legal(GgufReader.folderOf(gguf))) {
      copy(legal, staged);
    }
    if (tokenizer.isPresent()) {
      for (Path carried : CarriedFiles.of(tokenizer.get())) {
        copy(carried, staged);
      }
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(staged.resolve(file.getKey()), file.getValue());
    }
  }

  private static void copy(Path file, Path folder) throws IOException {
    Files.copy(
        file, folder.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
  }

  private static void write(GgufReader.GgufModel model, Path staged, Path target)
      throws IOException {
    if (!model.quantized().linears().isEmpty()) {
      NeutralFolder.write(
          new ExportSource(
              model.quantized(),
              model.floats(),
              model.architecture(),
              model.configuration(),
              staged),
          target);
      return;
    }
    try (PartialFolder partial =
        PartialFolder.open(target, QuantizedCheckpointFolder::isQuantized)) {
      try {
        partial.retainContent(Set.of());
        for (Path file : CarriedFiles.of(staged)) {
          copy(file, partial.content());
        }
        List<TensorData> tensors =
            model.floats().names().stream().map(model.floats()::tensorData).toList();
        SafetensorsWriter.writeSharded(
            partial.content(), tensors, new LinkedHashMap<>(), SHARD_BYTES);
        partial.publish();
      } catch (IOException | RuntimeException e) {
        partial.discard();
        throw e;
      }
    }
  }
}
