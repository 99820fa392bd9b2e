package org.bitatlas.eval.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bitatlas.eval.Oracles;
import org.bitatlas.eval.prompt.Document;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Files written by pyarrow and by Hugging Face's datasets, against the same records as JSON. */
class ParquetFileTest {

  static Stream<Path> forms() {
    return Oracles.files("parquet/forms", "", ".parquet").stream();
  }

  static Stream<Path> tasks() {
    return Oracles.files("parquet/tasks", "", ".parquet").stream();
  }

  private static List<Map<String, Object>> read(Path file) throws IOException {
    return ParquetFile.read(file.toString(), Files.readAllBytes(file));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void everyFormIsReadAsTheSameRecords(Path file) throws IOException {
    Path json = Path.of(file.toString().replace(".parquet", ".jsonl"));
    List<Map<String, Object>> expected = new ArrayList<>();
    for (String line : Files.readAllLines(json)) {
      expected.add(Document.of("", JsonMapper.shared().readTree(line)).fields());
    }
    assertThat(read(file)).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void documentsOfTasksAreTheSameAsInJson(Path file) throws IOException {
    Path tasks = Oracles.folder("parquet/tasks");
    Path inside = tasks.relativize(file);
    String configuration = inside.getNameCount() == 3 ? inside.getName(1).toString() : "";
    String split = file.getFileName().toString().replaceFirst("-.*", "");
    JsonNode data =
        Oracles.json(Oracles.folder("lm_eval/tasks").resolve(inside.getName(0) + ".json"))
            .get("data");
    List<Map<String, Object>> expected =
        data.get(configuration)
            .get(split)
            .valueStream()
            .map(record -> Document.of("", record).fields())
            .toList();
    assertThat(read(file)).isEqualTo(expected);
  }

  @Test
  void damagedFilesAreRefusedInOneSentence() throws IOException {
    byte[] whole = Files.readAllBytes(forms().findFirst().orElseThrow());
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 300; round++) {
      byte[] damaged = whole.clone();
      for (int i = 0; i < 1 + round % 4; i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try {
        List<Map<String, Object>> records = ParquetFile.read("damaged.parquet", damaged);
        assertThat(records).isNotNull();
      } catch (BitAtlasException e) {
        assertThat(e).hasMessageContaining("damaged.parquet");
      }
    }
    for (int length : new int[] {0, 3, 11, whole.length / 2, whole.length - 1}) {
      assertThatThrownBy(() -> ParquetFile.read("cut.parquet", Arrays.copyOf(whole, length)))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("cut.parquet");
    }
  }
}
