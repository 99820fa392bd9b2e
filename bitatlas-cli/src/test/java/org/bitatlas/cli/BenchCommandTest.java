package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BenchCommandTest extends CommandTest {

  private static final String SHORT = "--prefill 32 --context 8 --tokens 4 --rounds 1 --threads 1 ";

  @TempDir private Path folder;

  @Test
  void measuresTheEmbeddedModel() throws Exception {
    Path json = folder.resolve("bench.json");
    Path page = folder.resolve("bench.html");

    int status =
        runLine(
            "bench nano --schemes fp32,w8a8,w4a16-g128 "
                + SHORT
                + "--check-predictor --json "
                + json
                + " --page "
                + page);

    assertThat(err).isEmpty();
    assertThat(status).isEqualTo(Exit.OK);
    assertThat(out.lines()).allMatch(line -> line.length() <= FactSheet.WIDTH);
    assertThat(out)
        .contains("Prompt of 32 tokens; 4 tokens decoded after 8; threads: 1; rounds: 1")
        .contains("On packed codes, w8a8 in I8, w4a16-g128 in ")
        .contains("w4a16-g128")
        .contains("quantization")
        .contains("Prefill: ", "Decoding: ", " % of the roofline is reached (geometric mean);")
        .contains("JSON: " + json, "Page: " + page);
    JsonNode root = JsonMapper.builder().build().readTree(Files.readString(json));
    assertThat(root.get("schemes")).hasSize(3);
    for (JsonNode scheme : root.get("schemes")) {
      assertThat(scheme.at("/prefillTokensPerSecond/median").doubleValue()).isPositive();
      assertThat(scheme.at("/decodeTokensPerSecond/median").doubleValue()).isPositive();
    }
    assertThat(Files.readString(page)).contains("chart-prefill");
  }

  @Test
  void measuresAFolderThatIsQuantized() {
    Path quantized = folder.resolve("w4");
    assertThat(runLine("quantize nano --method rtn --bits 4 --group-size 64 --out " + quantized))
        .isEqualTo(Exit.OK);

    assertThat(runLine("bench " + quantized + " --schemes fp32 --execution simulated " + SHORT))
        .isEqualTo(Exit.OK);

    assertThat(out).contains("Simulated, on ", "stored in", "the folder's own codes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bench",
        "bench nano --shape openpangu-1b",
        "bench nano --rounds 0",
        "bench nano --prefill -1",
        "bench nano --json no-such-folder/bench.json",
        "bench nano --tokens many",
        "bench nano --device gpu",
      })
  void aWrongCommandLineIsAUsageMistakeBeforeAnyWork(String command) {
    assertThat(runLine(command)).isEqualTo(Exit.USAGE);
    assertThat(out).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bench --shape openpangu-2b",
        "bench --shape openpangu-7b:99-layers",
        "bench nano --schemes w3a3",
        "bench nano --prefill 100000",
        "bench no-such-model",
        "bench nano --device cuda:0 --execution integer",
      })
  void whatCannotBeMeasuredIsOneSentence(String command) {
    assertThat(runLine(command)).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(err).startsWith("bitatlas: ");
  }
}
