package org.bitatlas.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import org.bitatlas.checkpoint.HubDownload;
import org.bitatlas.checkpoint.HubSettings;
import org.bitatlas.checkpoint.ModelLocation;
import org.bitatlas.nano.Nano;
import org.bitatlas.tensor.BitAtlasException;

/**
 * How a user names a model: {@code nano} or {@code nano-small} for an embedded one, a local folder,
 * or a hub id such as {@code org/name}.
 */
final class ModelReference {

  /** Description of a MODEL parameter, the same in every command. */
  static final String DESCRIPTION =
      "An embedded model ('nano', 'nano-small'), a model folder, or a hub id such as org/name.";

  static final String NANO = Nano.NAME;

  /**
   * The folder of a model; a hub id is downloaded unless it is in the cache.
   *
   * @throws BitAtlasException when there is no such folder and it cannot be a hub id
   */
  static Path folder(String name) {
    if (Nano.isModel(name)) {
      return nano().model(name).orElseThrow();
    }
    Path path = path(name);
    if (Files.isDirectory(path)) {
      return path;
    }
    if (Files.exists(path)) {
      throw new BitAtlasException(
          "The model %s is a file; give the folder that holds it, with config.json and the tokenizer%s."
              .formatted(
                  name,
                  name.endsWith(".gguf")
                      ? ", or one that 'bitatlas unpack " + name + " DIR' makes of it"
                      : ""));
    }
    return locate(name).folder();
  }

  /**
   * A model of the hub, downloaded unless it is in the cache; progress goes to standard error.
   *
   * @throws BitAtlasException when it is no hub id, there is no such model or the network fails
   */
  static ModelLocation locate(String id) {
    return download(hub -> hub.resolve(id));
  }

  /**
   * A data set of the hub, downloaded unless it is in the cache.
   *
   * @param name {@code datasets/owner/name}
   * @param start how the paths of the wanted files begin
   */
  static ModelLocation locateData(String name, String start) {
    return download(hub -> hub.resolveData(name, start));
  }

  private static ModelLocation download(Function<HubDownload, ModelLocation> work) {
    HubSettings settings =
        HubSettings.ofEnvironment(System.getenv(), Path.of(System.getProperty("user.home")));
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    try (ProgressLine line = new ProgressLine(err, Screen.showsErrors())) {
      return work.apply(
          new HubDownload(
              settings,
              (file, done, total) ->
                  line.status(
                      file
                          + ": "
                          + Amounts.bytes(done)
                          + (total > 0 ? " of " + Amounts.bytes(total) : ""))));
    }
  }

  /** The embedded files. */
  static Nano nano() {
    try {
      return Nano.open();
    } catch (UncheckedIOException e) {
      throw new BitAtlasException(String.valueOf(e.getMessage()), e);
    }
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
