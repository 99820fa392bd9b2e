package org.bitatlas.format.gguf;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.junit.jupiter.api.Assumptions;

/** Golden files of formats, in the folder named by {@code bitatlas.oracles}. */
final class GoldenFiles {

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private GoldenFiles() {}

  /** A folder of golden data; the test is skipped where it is not there. */
  static Path folder(String name) {
    Path folder = Path.of(System.getProperty("bitatlas.oracles", "oracles")).resolve(name);
    Assumptions.assumeTrue(Files.isDirectory(folder), "no golden files in " + folder);
    return folder;
  }

  /** Files of formats with a suffix, sorted. */
  static List<Path> list(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folder("formats"))) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
    }
  }

  /** The values of an F32 tensor. */
  static float[] floats(Checkpoint checkpoint, String name) {
    return checkpoint.get(name).data().toArray(FLOAT);
  }
}
