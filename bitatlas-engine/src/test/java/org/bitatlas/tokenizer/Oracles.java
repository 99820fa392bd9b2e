package org.bitatlas.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Golden files of the tests. */
final class Oracles {

  /** The embedded model's folder in this repository. */
  static final Path NANO =
      Path.of(System.getProperty("bitatlas.root"))
          .resolve("bitatlas-nano/src/main/resources/org/bitatlas/nano/model");

  private Oracles() {}

  /** Files with this name directly in a sub-folder of the golden folder; skips where none is. */
  static List<Path> find(String name) {
    Path root = Path.of(System.getProperty("bitatlas.oracles"));
    Assumptions.assumeTrue(Files.isDirectory(root), "no golden folder " + root);
    try (Stream<Path> files = Files.walk(root, 2)) {
      List<Path> found = files.filter(file -> file.endsWith(name)).sorted().toList();
      Assumptions.assumeFalse(found.isEmpty(), "no " + name + " in " + root);
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode json(Path file) {
    return JsonMapper.builder().build().readTree(file.toFile());
  }

  static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  static int[] ids(JsonNode array) {
    return stream(array).mapToInt(JsonNode::intValue).toArray();
  }

  static List<Integer> boxed(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }
}
