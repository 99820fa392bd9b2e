package org.bitatlas.eval.prompt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A data set in a local folder, with the fields that the hub has. It lies in {@code ROOT/TASK}, in
 * {@code ROOT/OWNER/NAME} or in {@code ROOT/NAME} of its repository; there, and in the folder of
 * the configuration, and in a folder {@code data} of either, a split is {@code SPLIT.jsonl} ({@code
 * .json}, {@code .csv}, {@code .tsv}, {@code .parquet}) or shards {@code
 * SPLIT-00000-of-00002.jsonl}.
 */
public final class LocalDataFolder implements DataFolder {

  private final String task;
  private final List<Path> folders;
  private final DataFiles reader;

  private LocalDataFolder(String task, Path root, List<Path> folders) {
    this.task = task;
    this.folders = folders;
    this.reader = new DataFiles(root);
  }

  /** The folder of a task's data, empty where {@code root} has none. */
  public static Optional<LocalDataFolder> find(Path root, String task, DataSource data) {
    String repository = data.repository();
    List<Path> folders =
        Stream.of(task, repository, repository.substring(repository.indexOf('/') + 1))
            .map(root::resolve)
            .filter(Files::isDirectory)
            .toList();
    return folders.isEmpty()
        ? Optional.empty()
        : Optional.of(new LocalDataFolder(task, root, folders));
  }

  @Override
  public List<Document> read(String configuration, String split) {
    List<Document> documents = new ArrayList<>();
    for (Path file : files(configuration, split)) {
      documents.addAll(reader.read(file));
    }
    return List.copyOf(documents);
  }

  private List<Path> files(String configuration, String split) {
    Pattern name = Pattern.compile(Pattern.quote(split) + "(-\\d+-of-\\d+)?(\\.\\w+)");
    List<Path> others = new ArrayList<>();
    for (Path folder : folders) {
      for (String place :
          List.of(configuration, configuration + "/data", "data/" + configuration)) {
        List<Path> found = matching(folder.resolve(place.replaceFirst("^/", "")), name);
        for (String ending : DataFiles.ENDINGS) {
          List<Path> files =
              found.stream().filter(file -> file.toString().endsWith(ending)).toList();
          if (!files.isEmpty()) {
            return files;
          }
        }
        others.addAll(found);
      }
    }
    throw missing(configuration, split, others);
  }

  private static List<Path> matching(Path folder, Pattern name) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(file -> name.matcher(file.getFileName().toString()).matches())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new BitAtlasException("The folder " + folder + " cannot be listed: " + e + ".", e);
    }
  }

  private BitAtlasException missing(String configuration, String split, List<Path> others) {
    String wanted = (configuration.isEmpty() ? "" : configuration + "/") + split + ".jsonl";
    if (!others.isEmpty()) {
      return new BitAtlasException(
          "The task "
              + task
              + " reads JSON Lines, JSON, CSV, TSV and Parquet, but "
              + others.getFirst()
              + " is another format; write it as "
              + wanted
              + " with datasets.load_dataset(...)[\""
              + split
              + "\"].to_json(...) in Python.");
    }
    return new BitAtlasException(
        "The task "
            + task
            + " needs "
            + wanted
            + " in "
            + folders.getFirst()
            + ", with the fields of the Hugging Face data set.");
  }

  @Override
  public String digest() {
    return reader.digest();
  }

  @Override
  public List<String> notes() {
    return List.of();
  }
}
