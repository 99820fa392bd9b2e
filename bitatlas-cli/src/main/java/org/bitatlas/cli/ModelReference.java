package org.bitatlas.cli;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.bitatlas.nano.Nano;
import org.bitatlas.tensor.BitAtlasException;

/**
 * How a user names a model: {@code nano} for the embedded one, a local folder, or a hub id such as
 * {@code org/name}.
 */
final class ModelReference {

  /** Description of a MODEL parameter, the same in every command. */
  static final String DESCRIPTION =
      "The embedded model 'nano', a model folder, or a hub id such as org/name.";

  static final String NANO = "nano";

  private static final Pattern HUB_ID =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*");

  /**
   * The folder of a model; a hub id is downloaded unless it is in the cache.
   *
   * @throws BitAtlasException when there is no such folder and it cannot be a hub id
   */
  static Path folder(String name) {
    if (name.equals(NANO)) {
      return nano().modelFolder();
    }
    Path path = path(name);
    if (Files.isDirectory(path)) {
      return path;
    }
    if (Files.exists(path)) {
      throw new BitAtlasException(
          "The model %s is a file; give the folder that holds it, with config.json and the tokenizer."
              .formatted(name));
    }
    throw new BitAtlasException(
        "There is no model %s: it is neither 'nano' nor a folder; check the path.".formatted(name));
  }

  /** The embedded files. */
  static Nano nano() {
    try {
      return Nano.open();
    } catch (UncheckedIOException e) {
      throw new BitAtlasException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Whether a name has the form of a hub id. */
  static boolean isHubId(String name) {
    return HUB_ID.matcher(name).matches();
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new BitAtlasException(
          "'%s' cannot be the name of a model: %s.".formatted(name, e.getReason()), e);
    }
  }

  private ModelReference() {}
}
