package org.bitatlas.format;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The golden checkpoints and packed layers of the folder that the tests are given. */
public final class GoldenFormats {

  private static final Path FOLDER =
      Path.of(System.getProperty("bitatlas.oracles", "../oracles")).resolve("formats");

  private GoldenFormats() {}

  /** Entries whose name begins and ends so, in name order. */
  public static List<Path> cases(String prefix, String ending) {
    try (Stream<Path> entries = Files.list(FOLDER)) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith(prefix))
          .filter(path -> path.getFileName().toString().endsWith(ending))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
