package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The golden folders of the forward pass and how their values are compared. */
public final class GoldenModels {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private GoldenModels() {}

  /** The folder of golden cases. */
  public static Path oracles() {
    return Path.of(System.getProperty("bitatlas.oracles", "../oracles"));
  }

  /** Every model folder of {@code oracles/models}; skips the test when there is none. */
  public static List<Path> folders() throws IOException {
    Path models = oracles().resolve("models");
    assumeTrue(Files.isDirectory(models), "no golden cases in " + models);
    try (Stream<Path> entries = Files.list(models)) {
      List<Path> folders =
          entries
              .filter(folder -> Files.isRegularFile(folder.resolve("expected.safetensors")))
              .sorted()
              .toList();
      assumeTrue(!folders.isEmpty(), "no golden cases in " + models);
      return folders;
    }
  }

  /** The folder {@code oracles/stories260K}; skips the test when it is missing. */
  public static Path stories() {
    Path stories = oracles().resolve("stories260K");
    assumeTrue(Files.isDirectory(stories), "no golden cases in " + stories);
    return stories;
  }

  /** The embedded model's folder. */
  public static Path nano() {
    return embedded("model");
  }

  /** The smaller embedded model. */
  public static Path nanoSmall() {
    return embedded("model-small");
  }

  private static Path embedded(String name) {
    Path folder =
        Path.of(System.getProperty("bitatlas.root", ".."))
            .resolve("bitatlas-nano/src/main/resources/org/bitatlas/nano")
            .resolve(name);
    assumeTrue(Files.isDirectory(folder), "no embedded model in " + folder);
    return folder;
  }

  /** A JSON file. */
  public static JsonNode json(Path file) throws IOException {
    return JSON.readTree(Files.readString(file));
  }

  /** A JSON array of numbers as ids. */
  public static int[] ids(JsonNode array) {
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = array.get(i).asInt();
    }
    return ids;
  }

  /** A stored tensor of ids. */
  public static int[] ids(Checkpoint golden, String name) {
    try (TensorScope _ = TensorScope.open()) {
      long[] values = stored(golden, name).toLongs();
      int[] ids = new int[values.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (int) values[i];
      }
      return ids;
    }
  }

  /** A stored tensor as fp64. */
  public static double[] doubles(Checkpoint golden, String name) {
    try (TensorScope _ = TensorScope.open()) {
      return stored(golden, name).toDoubles();
    }
  }

  private static Tensor stored(Checkpoint golden, String name) {
    var tensor = golden.get(name);
    return Tensor.fromMemory(tensor.data(), tensor.type(), tensor.shape());
  }

  /** max |actual - expected| / max |expected|. */
  public static double relativeDifference(double[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double difference = 0;
    double scale = 0;
    for (int i = 0; i < actual.length; i++) {
      difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
      scale = Math.max(scale, Math.abs(expected[i]));
      assertThat(actual[i]).isFinite();
    }
    return difference / scale;
  }

  /** Asserts that values agree to 1e-4 relative to the largest expected one. */
  public static void assertClose(String what, double[] actual, double[] expected) {
    assertThat(relativeDifference(actual, expected)).as(what).isLessThanOrEqualTo(1e-4);
  }
}
