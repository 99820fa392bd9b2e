package org.bitatlas.nano;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The embedded model, its suites and its texts as files of a folder.
 *
 * <p>The resources are copied out of the class path (a jar or a folder of classes) into {@code
 * CACHE/nano-DIGEST}, where DIGEST is taken from the index of all files, so that another version
 * never meets old files. Every file is checked by size and SHA-256 on each opening; a missing or
 * damaged one is written again under a temporary name and moved into place, so several processes
 * may open the same cache at once.
 */
public final class Nano {

  /** Name of the embedded model, its suites and its calibration texts. */
  public static final String NAME = "nano";

  /** Name of the smaller embedded model. */
  public static final String SMALL = "nano-small";

  /** Name of the enlarged suites. */
  public static final String LARGE = "nano-large";

  private static final String INDEX = "index.txt";

  private final Path folder;
  private final String digest;

  private Nano(Path folder, String digest) {
    this.folder = folder;
    this.digest = digest;
  }

  /**
   * Opens in the user's cache: {@code $XDG_CACHE_HOME/bitatlas}, or {@code ~/.cache/bitatlas}.
   *
   * @throws UncheckedIOException when the cache cannot be written; the message names the folder
   */
  public static Nano open() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path base =
        xdg == null || xdg.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(xdg);
    return open(base.resolve("bitatlas"));
  }

  /**
   * Opens in a given cache folder, which is created when missing.
   *
   * @throws UncheckedIOException when the folder cannot be written; the message names it
   */
  public static Nano open(Path cache) {
    byte[] index = resource(INDEX);
    String digest = sha256(index);
    Path folder = cache.resolve("nano-" + digest.substring(0, 16));
    try {
      for (Entry entry : entries(index)) {
        provide(folder, entry);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The embedded model cannot be written to " + folder + "; give a writable cache folder.",
          e);
    }
    return new Nano(folder, digest);
  }

  /**
   * The folder of an embedded model: {@value #NAME}, 5.3 M parameters, or {@value #SMALL}, its
   * sibling of 1.4 M; empty for any other name.
   */
  public Optional<Path> model(String name) {
    return switch (name) {
      case NAME -> Optional.of(modelFolder());
      case SMALL -> Optional.of(folder.resolve("model-small"));
      default -> Optional.empty();
    };
  }

  /**
   * The folder of suites that a user named: the embedded ones for {@value #NAME}, the enlarged ones
   * of 2,000 records each for {@value #LARGE}, and any other folder itself. The first records of an
   * enlarged suite are the small one's. The enlarged ones have no descriptor of their own: {@link
   * #suitesDescriptor} describes both.
   */
  public Path suites(Path named) {
    return switch (named.toString()) {
      case NAME -> suitesFolder();
      case LARGE -> folder.resolve("suites-large");
      default -> named;
    };
  }

  /** Whether {@link #model} knows the name. */
  public static boolean isModel(String name) {
    return name.equals(NAME) || name.equals(SMALL);
  }

  /** Whether {@link #suites} knows the name. */
  public static boolean areSuites(String name) {
    return name.equals(NAME) || name.equals(LARGE);
  }

  /** The model folder: config.json, model.safetensors and the tokenizer files. */
  public Path modelFolder() {
    return folder.resolve("model");
  }

  /** The suites (one JSON Lines file each) and their descriptor {@link #suitesDescriptor}. */
  public Path suitesFolder() {
    return folder.resolve("suites");
  }

  /** {@code suites.yaml}: how the suites are asked and scored. */
  public Path suitesDescriptor() {
    return suitesFolder().resolve("suites.yaml");
  }

  /** The texts under share-alike terms: calibration and perplexity. */
  public Path shareAlikeFolder() {
    return folder.resolve("share-alike");
  }

  /** 512 calibration samples: three chat modes and plain text, a quarter each. */
  public Path calibrationFile() {
    return shareAlikeFolder().resolve("calibration.jsonl");
  }

  /** The first 100,094 bytes of the WikiText-2 test split, which the model was not trained on. */
  public Path wikiTextFile() {
    return shareAlikeFolder().resolve("wiki.test.tokens.excerpt.txt");
  }

  /** SHA-256 of the index of all embedded files, so of all their contents. */
  public String digest() {
    return digest;
  }

  /** One line of the index: {@code sha256 size path}. */
  record Entry(String sha256, long size, String path) {}

  static List<Entry> entries(byte[] index) {
    return new String(index, StandardCharsets.UTF_8)
        .lines()
        .map(line -> {
          String[] parts = line.split(" ", 3);
          return new Entry(parts[0], Long.parseLong(parts[1]), parts[2]);
        })
        .toList();
  }

  private static void provide(Path folder, Entry entry) throws IOException {
    Path target = folder.resolve(entry.path());
    if (Files.isRegularFile(target)
        && Files.size(target) == entry.size()
        && sha256(Files.readAllBytes(target)).equals(entry.sha256())) {
      return;
    }
    byte[] content = resource(entry.path());
    if (content.length != entry.size() || !sha256(content).equals(entry.sha256())) {
      throw new IllegalStateException(
          "The embedded resource "
              + entry.path()
              + " does not match the embedded index; the installation is damaged, build it again.");
    }
    Path parent = folder.resolve(entry.path()).toAbsolutePath().getParent();
    Files.createDirectories(parent);
    Path temporary = Files.createTempFile(parent, target.getFileName() + ".", ".tmp");
    try {
      Files.write(temporary, content);
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  static byte[] resource(String path) {
    try (InputStream in = Nano.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException(
            "The embedded resource " + path + " is missing; the installation is damaged.");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("The embedded resource " + path + " cannot be read.", e);
    }
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
