package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Files that gguf-py wrote. */
class GgufFileTest {

  @TestFactory
  List<DynamicTest> goldenFiles() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : GoldenFiles.list(".gguf")) {
      String stem = file.getFileName().toString().replace(".gguf", "");
      tests.add(
          DynamicTest.dynamicTest(
              stem, () -> check(file, file.resolveSibling(stem + "_gguf_expected"))));
    }
    assertThat(tests).isNotEmpty();
    return tests;
  }

  private static void check(Path file, Path expected) throws IOException {
    JsonNode description =
        JsonMapper.builder().build().readTree(Files.readString(Path.of(expected + ".json")));
    try (GgufFile opened = GgufFile.open(file);
        Checkpoint tensors = SafetensorsCheckpoint.open(Path.of(expected + ".safetensors"))) {
      description
          .path("expected")
          .path("metadata")
          .properties()
          .forEach(entry ->
              assertThat(plain(opened.metadata().values().get(entry.getKey())))
                  .as(entry.getKey())
                  .isEqualTo(entry.getValue().toString()));
      assertThat(opened.tensors().sequencedKeySet())
          .containsExactlyInAnyOrderElementsOf(tensors.names());
      for (String name : tensors.names()) {
        GgufTensor tensor = opened.get(name);
        assertThat(tensor.info().shape()).as(name).isEqualTo(tensors.get(name).shape());
        assertThat(tensor.decode()).as(name).isEqualTo(GoldenFiles.floats(tensors, name));
      }
    }
  }

  /** A value as JSON shows it. */
  private static String plain(GgufValue value) {
    return switch (value) {
      case GgufValue.Whole whole -> Long.toString(whole.value());
      case GgufValue.Real real -> Double.toString(real.value());
      case GgufValue.Flag flag -> Boolean.toString(flag.value());
      case GgufValue.Text text -> '"' + text.value() + '"';
      case GgufValue.Sequence sequence ->
          '['
              + String.join(",", sequence.values().stream().map(GgufFileTest::plain).toList())
              + ']';
    };
  }
}
