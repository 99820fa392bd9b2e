package org.bitatlas.eval.prompt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A data set in a local folder, with the fields that the hub has. It lies in {@code ROOT/TASK}, in
 * {@code ROOT/OWNER/NAME} or in {@code ROOT/NAME} of its repository; there, and in the folder of
 * the configuration, and in a folder {@code data} of either, a split is {@code SPLIT.jsonl}, {@code
 * SPLIT.json} or shards {@code SPLIT-00000-of-00002.jsonl}.
 */
public final class LocalDataFolder implements DataFolder {

  private static final List<String> ENDINGS = List.of(".jsonl", ".json");
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final String task;
  private final Path root;
  private final List<Path> folders;
  private final MessageDigest digest;

  private LocalDataFolder(String task, Path root, List<Path> folders) {
    this.task = task;
    this.root = root;
    this.folders = folders;
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
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
    List<Path> files = files(configuration, split);
    List<Document> documents = new ArrayList<>();
    for (Path file : files) {
      byte[] content = bytes(file);
      digest.update(
          (root.relativize(file) + "\n" + content.length + "\n").getBytes(StandardCharsets.UTF_8));
      digest.update(content);
      documents.addAll(documents(file, text(file, content)));
    }
    if (documents.isEmpty()) {
      throw new BitAtlasException(files.getFirst() + " has no records.");
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
        for (String ending : ENDINGS) {
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
              + " reads JSON Lines, but "
              + others.getFirst()
              + " is another format; write it as "
              + wanted
              + " with datasets.load_dataset(...)[\""
              + split
              + "\"].to_json(...).");
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

  private static List<Document> documents(Path file, String text) {
    if (file.toString().endsWith(".json") && text.stripLeading().startsWith("[")) {
      List<Document> documents = new ArrayList<>();
      for (JsonNode node : tree(file.toString(), text)) {
        documents.add(document(file + ", record " + (documents.size() + 1), node));
      }
      return documents;
    }
    List<Document> documents = new ArrayList<>();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (!line.isBlank()) {
        String place = file + ", line " + number;
        documents.add(document(place, tree(place, line)));
      }
    }
    return documents;
  }

  private static JsonNode tree(String place, String text) {
    try {
      return JSON.readTree(text);
    } catch (JacksonException e) {
      throw new BitAtlasException(place + ": not valid JSON: " + e.getOriginalMessage() + ".", e);
    }
  }

  private static Document document(String place, JsonNode node) {
    if (!node.isObject()) {
      throw new BitAtlasException(place + ": expected a JSON object with the fields of a record.");
    }
    return Document.of(place, node);
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BitAtlasException("The file " + file + " cannot be read: " + e + ".", e);
    }
  }

  private static String text(Path file, byte[] content) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
    } catch (CharacterCodingException e) {
      throw new BitAtlasException(file + " is not UTF-8 text; convert it to UTF-8.", e);
    }
  }

  /** {@inheritDoc} Of what was read so far. */
  @Override
  public String digest() {
    try {
      return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("SHA-256 can be cloned on every Java platform", e);
    }
  }

  @Override
  public List<String> notes() {
    return List.of();
  }
}
