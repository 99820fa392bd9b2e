package org.bitatlas.format.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.JsonFile;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/**
 * What lies in a folder, as far as it can be read: whatever cannot is a finding, and the rest is
 * looked at all the same. Closing it unmaps the tensors.
 *
 * @param folder the folder
 * @param files names of all files in it, sorted
 * @param configuration {@code config.json}; empty when it cannot be read
 * @param tensors all tensors of all safetensors files, by name
 * @param opened the files
 */
record FolderContents(
    Path folder,
    List<String> files,
    Optional<ObjectNode> configuration,
    SequencedMap<String, StoredTensor> tensors,
    List<Checkpoint> opened)
    implements AutoCloseable {

  static final String CONFIGURATION = "config.json";

  private static final List<String> UNFINISHED =
      List.of(".partial", ".incomplete", ".part", ".tmp", ".download", ".crdownload");

  static FolderContents open(Path folder, Findings findings) {
    if (!Files.isDirectory(folder)) {
      throw new BitAtlasException(
          "There is no folder %s; give a folder with a checkpoint.".formatted(folder));
    }
    List<String> files = files(folder);
    unfinished(folder, files, findings);
    List<Checkpoint> opened = new ArrayList<>();
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    try {
      new WeightFilesCheck(folder, files, findings).read(opened, tensors);
      return new FolderContents(
          folder, files, configuration(folder, files, findings), tensors, opened);
    } catch (RuntimeException | Error failure) {
      opened.forEach(Checkpoint::close);
      throw failure;
    }
  }

  private static List<String> files(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new BitAtlasException("Cannot read " + folder + ": " + e + ".", e);
    }
  }

  private static void unfinished(Path folder, List<String> files, Findings findings) {
    String remedy = "let the download or export finish, or repeat it into a new folder";
    Path name = folder.toAbsolutePath().normalize().getFileName();
    if (name != null && name.toString().endsWith(".partial")) {
      findings.fault(
          "unfinished", name.toString(), "this is the working folder of an export", remedy);
    }
    for (String file : files) {
      if (UNFINISHED.stream().anyMatch(file::endsWith)) {
        findings.fault("unfinished", file, "the file is left from an unfinished write", remedy);
      }
    }
  }

  /** Not asked for beside a GGUF file, which carries its own. */
  private static Optional<ObjectNode> configuration(
      Path folder, List<String> files, Findings findings) {
    boolean inTheFile = files.stream().anyMatch(file -> file.endsWith(".gguf"));
    return inTheFile ? Optional.empty() : object(folder, files, CONFIGURATION, findings);
  }

  /** A JSON object of the folder; empty, with a finding, when it is missing or malformed. */
  static Optional<ObjectNode> object(
      Path folder, List<String> files, String name, Findings findings) {
    if (!files.contains(name)) {
      findings.fault(
          "missing-file", name, "the folder has no such file", "copy it from the float model");
      return Optional.empty();
    }
    try {
      return Optional.of(JsonFile.read(folder.resolve(name)));
    } catch (BitAtlasException unreadable) {
      findings.fault(
          "malformed-file",
          name,
          sentence(unreadable),
          "copy the file again from where it came from");
      return Optional.empty();
    }
  }

  /** A message without its full stop. */
  static String sentence(BitAtlasException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
  }

  /** A JSON object of the folder, empty where it cannot be read: that is reported elsewhere. */
  ObjectNode object(String file) {
    return object(folder, files, file, new Findings()).orElseGet(JsonFile::object);
  }

  boolean has(String file) {
    return files.contains(file);
  }

  @Override
  public void close() {
    opened.forEach(Checkpoint::close);
  }
}
