package org.bitatlas.eval.prompt;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Published texts whose perplexity is reported for quantized models, read as the GPTQ papers' code
 * does (rows joined to one text) and as lm-evaluation-harness does (documents). A set lies in a
 * folder as {@link LocalDataFolder} finds it, or there as the file that it is published as.
 */
public enum TextSet {
  /** The test split; rows are lines, documents are the 62 pages. */
  WIKITEXT2("wikitext2", "Salesforce/wikitext", "wikitext-2-raw-v1", "test", "text", "\n\n", 4358) {
    @Override
    String published() {
      return "wiki.test.raw";
    }

    @Override
    String row(String line) {
      return line.isBlank() ? "" : line + "\n";
    }

    @Override
    List<String> documents(List<String> rows) {
      return WikiPages.of(rows);
    }
  },
  /** The first 1,100 documents of the first validation shard. */
  C4("c4", "allenai/c4", "en", "validation", "text", " ", 1100) {
    @Override
    String published() {
      return "c4-validation.00000-of-00008.json.gz";
    }

    @Override
    String row(String line) {
      return Document.of(place(), JsonMapper.shared().readTree(line)).text("text");
    }

    @Override
    List<String> documents(List<String> rows) {
      return rows;
    }
  },
  /** The test split of the Penn Treebank; one document. */
  PTB("ptb", "ptb-text-only/ptb_text_only", "penn_treebank", "test", "sentence", " ", 3761) {
    @Override
    String published() {
      return "ptb.test.txt";
    }

    @Override
    String row(String line) {
      return line.strip();
    }

    @Override
    List<String> documents(List<String> rows) {
      return List.of(String.join(" ", rows));
    }
  };

  /**
   * A text that was read.
   *
   * @param place file or folder it was read from
   * @param text all of it, for windows of one text
   * @param documents its documents, each with the field {@code text}
   * @param digest SHA-256 over the rows that were read
   * @param notes what is remarkable about the data
   */
  public record Read(
      Path place, String text, List<Document> documents, String digest, List<String> notes) {}

  private final String id;
  private final DataSource source;
  private final String field;
  private final String joint;
  private final int rows;

  TextSet(
      String id,
      String repository,
      String configuration,
      String split,
      String field,
      String joint,
      int rows) {
    this.id = id;
    Optional<String> test = split.equals("test") ? Optional.of(split) : Optional.empty();
    Optional<String> validation = test.isPresent() ? Optional.empty() : Optional.of(split);
    this.source =
        new DataSource(
            repository,
            new Splits(Optional.empty(), validation, test),
            List.of(new DataSource.Subject("", configuration, "")),
            Optional.empty(),
            OptionalInt.empty(),
            List.of());
    this.field = field;
    this.joint = joint;
    this.rows = rows;
  }

  /** Name of the file that the set is published as. */
  abstract String published();

  /** The row of one line of that file, as the hub has it. */
  abstract String row(String line);

  /** The texts of the set's documents. */
  abstract List<String> documents(List<String> rows);

  String place() {
    return published();
  }

  /** Name in descriptors and commands. */
  public String id() {
    return id;
  }

  /** The set of a name. */
  public static Optional<TextSet> named(String name) {
    return Stream.of(values()).filter(set -> set.id.equals(name)).findFirst();
  }

  /** Whether {@code root} has it. */
  public boolean isIn(Path root) {
    return file(root).isPresent() || LocalDataFolder.find(root, id, source).isPresent();
  }

  /** Why there is no data, and the remedy, without a full stop. */
  public String missing(Path root) {
    return "the folder %s has no text %s: put %s into %s, or the split %s of %s (%s) as the hub has it"
        .formatted(
            root,
            id,
            published(),
            root.resolve(id),
            source.splits().asked(),
            source.repository(),
            configuration());
  }

  /**
   * Reads it.
   *
   * @throws BitAtlasException when it is not there or not valid; the message names the place
   */
  public Read read(Path root) {
    Optional<Path> file = file(root);
    List<String> found;
    Path place;
    if (file.isPresent()) {
      place = file.get();
      found = lines(place);
    } else {
      LocalDataFolder folder =
          LocalDataFolder.find(root, id, source)
              .orElseThrow(() -> new BitAtlasException(missing(root) + "."));
      place = root.resolve(id);
      found =
          folder.read(configuration(), source.splits().asked()).stream()
              .limit(rows)
              .map(document -> document.text(field))
              .toList();
    }
    List<String> notes =
        found.size() == rows
            ? List.of()
            : List.of(
                "the published text has %,d rows, this one %,d".formatted(rows, found.size()));
    List<Document> documents =
        documents(found).stream()
            .map(text -> new Document(place.toString(), Map.of("text", text)))
            .toList();
    return new Read(place, String.join(joint, found), documents, digest(found), notes);
  }

  private String configuration() {
    return source.subjects().getFirst().configuration();
  }

  private Optional<Path> file(Path root) {
    String repository = source.repository();
    String name = repository.substring(repository.indexOf('/') + 1);
    return Stream.of(id, repository, name)
        .flatMap(folder -> Stream.of(folder, folder + "/" + configuration()))
        .map(folder -> root.resolve(folder).resolve(published()))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  private List<String> lines(Path file) {
    List<String> found = new ArrayList<>();
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = reader.readLine();
          line != null && (this != C4 || found.size() < rows);
          line = reader.readLine()) {
        found.add(row(line));
      }
    } catch (IOException e) {
      throw new BitAtlasException("The file " + file + " cannot be read: " + e + ".", e);
    }
    return found;
  }

  private static String digest(List<String> rows) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String row : rows) {
        byte[] bytes = row.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + "\n").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
