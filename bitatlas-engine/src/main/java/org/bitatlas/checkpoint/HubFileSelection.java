package org.bitatlas.checkpoint;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bitatlas.tensor.BitAtlasException;

/** Which files of a repository are needed: those that BitAtlas can read. */
final class HubFileSelection {

  private static final Pattern SHARD = Pattern.compile("model-\\d+-of-\\d+\\.safetensors");

  private static final Pattern RECORDS =
      Pattern.compile(".*\\.(?:parquet|jsonl|json|csv|tsv|txt|raw|json\\.gz)");

  /** A benchmark has fewer files; a training set of this many has to be asked for in parts. */
  private static final int MOST_DATA_FILES = 400;

  private HubFileSelection() {}

  /**
   * Files of records of a data set, and its licence.
   *
   * @param start how the paths begin that are wanted; empty for all
   * @throws BitAtlasException when a name would lead out of a folder, there are none, or too many
   */
  static List<String> ofData(List<String> files, HubModelId id, String start) {
    files.forEach(file -> requireInside(file, id));
    List<String> records =
        files.stream()
            .filter(file -> file.startsWith(start))
            .filter(file -> RECORDS.matcher(file).matches())
            .sorted()
            .toList();
    if (records.isEmpty()) {
      throw new BitAtlasException(
          "The data set %s has no Parquet, JSON, CSV or text files%s; where the hub has made Parquet of it, ask for %s@refs/convert/parquet."
              .formatted(id, start.isEmpty() ? "" : " that begin with " + start, id));
    }
    if (records.size() > MOST_DATA_FILES) {
      throw new BitAtlasException(
          "The data set %s has %,d files of records, the first is %s; say with --include how the paths of those you want begin."
              .formatted(id, records.size(), records.getFirst()));
    }
    return Stream.concat(
            files.stream().filter(file -> file.toUpperCase(Locale.ROOT).startsWith("LICENSE")),
            records.stream())
        .toList();
  }

  /**
   * The needed ones of {@code files}, small files first. Weights are safetensors only; when the
   * repository holds {@code model.safetensors} or its index and shards, other safetensors files
   * (adapters, copies in a vendor's own layout) are left out.
   *
   * @throws BitAtlasException when a name would lead out of a folder, or there are no weights
   */
  static List<String> of(List<String> files, HubModelId id) {
    files.forEach(file -> requireInside(file, id));
    List<String> root = files.stream().filter(file -> !file.contains("/")).sorted().toList();
    List<String> weights = weights(root);
    if (weights.isEmpty()) {
      throw new BitAtlasException(
          "The model "
              + id
              + " has no safetensors files; other weight formats must be converted first.");
    }
    if (!root.contains("config.json")) {
      throw new BitAtlasException("The model " + id + " has no config.json.");
    }
    return Stream.concat(root.stream().filter(HubFileSelection::isDescription), weights.stream())
        .toList();
  }

  private static List<String> weights(List<String> root) {
    if (root.contains(SafetensorsCheckpoint.SINGLE_FILE_NAME)) {
      return List.of(SafetensorsCheckpoint.SINGLE_FILE_NAME);
    }
    List<String> all = root.stream().filter(file -> file.endsWith(".safetensors")).toList();
    List<String> shards = all.stream().filter(file -> SHARD.matcher(file).matches()).toList();
    boolean sharded = root.contains(SafetensorsIndex.FILE_NAME) && !shards.isEmpty();
    return sharded ? shards : all;
  }

  private static boolean isDescription(String file) {
    String upper = file.toUpperCase(Locale.ROOT);
    return file.endsWith(".json")
        || file.endsWith(".jinja")
        || file.equals("tokenizer.model")
        || upper.startsWith("LICENSE")
        || upper.startsWith("NOTICE");
  }

  private static void requireInside(String file, HubModelId id) {
    boolean inside =
        !file.isEmpty()
            && file.chars().noneMatch(c -> c == '\\' || c == ':' || c < ' ')
            && List.of(file.split("/", -1)).stream()
                .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
    if (!inside) {
      throw new BitAtlasException(
          "The hub lists a file '"
              + file
              + "' of "
              + id
              + " that would lead out of its folder;"
              + " nothing was downloaded.");
    }
  }
}
