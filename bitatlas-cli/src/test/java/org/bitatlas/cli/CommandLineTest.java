package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bitatlas.tensor.NativeRuntime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class CommandLineTest extends CommandTest {

  private static final Path PROJECT = Path.of(System.getProperty("bitatlas.root", ".."));

  @TempDir private Path folder;

  static Stream<String> commands() {
    return BitAtlas.commandLine().getSubcommands().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasHelpThatFitsTheTerminal(String command) {
    assertThat(run(command, "--help")).isEqualTo(Exit.OK);
    assertThat(out).startsWith("Usage: bitatlas " + command).contains("--verbose");
    assertThat(out.lines()).allMatch(line -> line.length() <= FactSheet.WIDTH);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasItsSectionInTheDocumentation(String command) throws IOException {
    String page = Files.readString(PROJECT.resolve("docs/cli.md"));

    assertThat(page.lines()).contains("## " + command);
    assertThat(page).contains("./bitatlas " + command);
  }

  @Test
  void theDocumentationNamesNoOptionThatIsNotThere() throws IOException {
    String page = Files.readString(PROJECT.resolve("docs/cli.md"));
    var options =
        Stream.concat(
                Stream.of(BitAtlas.commandLine()),
                BitAtlas.commandLine().getSubcommands().values().stream())
            .map(CommandLine::getCommandSpec)
            .flatMap(command -> command.options().stream())
            .map(OptionSpec::longestName)
            .toList();

    assertThat(Pattern.compile("--[a-z][a-z-]+").matcher(page).results().map(MatchResult::group))
        .isNotEmpty()
        .allMatch(options::contains);
  }

  @Test
  void anUnknownCommandIsAUsageMistakeWithASuggestion() {
    assertThat(run("dcotor")).isEqualTo(Exit.USAGE);
    assertThat(err).contains("dcotor").contains("bitatlas doctor");
  }

  @Test
  void noCommandIsAUsageMistake() {
    assertThat(run()).isEqualTo(Exit.USAGE);
    assertThat(err).contains("a command is missing");
  }

  @Test
  void aMissingModelIsOneLine() {
    assertThat(run("inspect", folder.resolve("none").toString())).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(err).startsWith("bitatlas: ").contains("none");
  }

  @Test
  void aFileInPlaceOfAModelFolderIsOneLine() throws IOException {
    Path file = Files.createFile(folder.resolve("model.safetensors"));

    assertThat(run("inspect", file.toString())).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(err).contains("is a file");

    Path packed = Files.createFile(folder.resolve("model.gguf"));
    assertThat(run("inspect", packed.toString())).isEqualTo(Exit.ERROR);
    assertThat(err).contains("bitatlas unpack " + packed + " DIR");
  }

  @Test
  void wrongBitsAreOneLineThatNamesTheRange() {
    int status =
        run("quantize", "nano", "--method", "rtn", "--bits", "12", "--out", folder.toString());

    assertThat(status).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(err).contains("12").contains("to 8");
  }

  @Test
  void aQuantizedModelRunsInTheArithmeticOfItsScheme() {
    String target = folder.resolve("w8a8").toString();
    assertThat(
            run(
                "quantize",
                "nano",
                "--method",
                "rtn",
                "--bits",
                "8",
                "--a-bits",
                "8",
                "--option",
                "sym=true",
                "--out",
                target))
        .isEqualTo(Exit.OK);
    String[] evaluate = {
      "evaluate", target, "--task", "gsm_nano", "--mode", "no_think", "--limit", "2"
    };
    String[] required = {"--require-kernel", "scheme"};
    assertThat(run(joined(evaluate, required))).isEqualTo(Exit.ERROR);
    assertThat(err.lines().toList().getLast()).contains("simulated in float");
    assertThat(run(joined(evaluate, required, "--execution", "integer"))).isEqualTo(Exit.OK);
    assertThat(out)
        .contains("Arithmetic: integer: 42 linear layers in integers")
        .contains("gate_proj, up_proj [")
        .contains("s8 x s8");
  }

  private static String[] joined(String[] first, String[] second, String... third) {
    return Stream.of(first, second, third).flatMap(Stream::of).toArray(String[]::new);
  }

  @Test
  void optionsOutOfRangeAreUsageMistakes() {
    assertThat(run("study", "--limit", "0")).isEqualTo(Exit.USAGE);
    assertThat(run("study", "--threads", "0")).isEqualTo(Exit.USAGE);
    assertThat(run("chat", "--max-new-tokens", "0")).isEqualTo(Exit.USAGE);
    assertThat(run("chat", "--thinking-budget", "-1")).isEqualTo(Exit.USAGE);
    assertThat(run("study", "--device", "gpu")).isEqualTo(Exit.USAGE);
    assertThat(err).contains("There is no device 'gpu'; give cpu, or cuda:N");
    assertThat(run("evaluate", "nano", "--mode", "loud")).isEqualTo(Exit.USAGE);
    assertThat(err).contains("slow_think, auto_think, no_think");
  }

  @ParameterizedTest
  @ValueSource(strings = {"chat nano", "evaluate nano", "bench nano --schemes bf16", "study"})
  void aDeviceThatIsNotThereIsOneLineThatSaysWhatToDo(String command) {
    assumeThat(NativeRuntime.gpus()).isEmpty();
    assertThat(runLine(command + " --device cuda:0")).isEqualTo(Exit.ERROR);
    assertThat(out).isEmpty();
    assertThat(err.lines()).hasSize(1);
    assertThat(err).contains("Device cuda:0 needs").contains("--device cpu");
  }

  @Test
  void anNpuWithoutItsLibraryIsOneLineThatSaysWhatToDo() {
    assumeThat(System.getenv("BITATLAS_TORCH_NPU")).isNull();
    assertThat(run("evaluate", "nano", "--device", "npu:0")).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(err).contains("set BITATLAS_TORCH_NPU").contains("not run on hardware");
  }

  @Test
  void numericsAreAnExecutionOfTheirOwn() {
    String[] emulated = {"evaluate", "nano", "--numerics", "ascend-910b"};
    assertThat(run(joined(emulated, new String[] {"--execution", "integer"})))
        .isEqualTo(Exit.USAGE);
    assertThat(err).contains("leave --execution out");
    assertThat(run("bench", "nano", "--numerics", "ascend-910b")).isEqualTo(Exit.USAGE);
    assertThat(run("evaluate", "nano", "--numerics", "ascend-310p")).isEqualTo(Exit.USAGE);
    assertThat(err).contains("There are no numerics 'ascend-310p': the kernels of the 310P");
    assertThat(run("numerics", "nano")).isEqualTo(Exit.ERROR);
    assertThat(err).contains("is float; give a quantized one");
  }

  @ParameterizedTest
  @ValueSource(strings = {"chat nano", "evaluate nano", "bench nano", "study"})
  void integersOnAGpuAreRefused(String command) {
    String all = command + " --execution integer --device cuda:0";
    assertThat(runLine(all)).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(err).contains("Integer execution runs on the CPU, or on an NPU, not on cuda:0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"chat", "evaluate", "bench", "study"})
  void helpSaysThatNoGpuWasTried(String command) {
    assertThat(run(command, "--help")).isEqualTo(Exit.OK);
    assertThat(out.replaceAll("\\s+", " ")).contains("not run on hardware");
  }

  @ParameterizedTest
  @ValueSource(strings = {"slow_think", "auto_think", "no_think"})
  void thinkingOverItsBudgetIsCutAndAnswered(String mode) {
    String question = "Tom has 12 apples and buys 30 more. How many apples does Tom have?";
    int status =
        run("chat", "nano", "--mode", mode, "--thinking-budget", "2", "--prompt", question);
    assertThat(status).isEqualTo(Exit.OK);
    assertThat(out).isNotBlank();
    if (mode.equals("no_think")) {
      assertThat(err).doesNotContain("cut");
    } else if (mode.equals("slow_think")) {
      assertThat(err).contains("thinking cut after 2 tokens");
    }
  }

  @Test
  void thinkingOverTheBudgetOfAllIsSaidToHaveNoAnswer() {
    assertThat(run("chat", "nano", "--mode", "slow", "--max-new-tokens", "3", "--prompt", "2 + 2?"))
        .isEqualTo(Exit.OK);
    assertThat(out).isBlank();
    assertThat(err).contains("cut after 3 tokens in its thinking, so there is no answer");
  }

  @Test
  void evaluateSaysHowOftenThinkingWasCut() {
    String command =
        "evaluate nano --task gsm_nano --mode slow_think --limit 6 --thinking-budget 3";
    assertThat(runLine(command)).isEqualTo(Exit.OK);
    assertThat(out).contains("thinking cut: 100 %");
  }

  @Test
  void evaluateAsksSeveralTasksOfAModelLoadedOnce() {
    String tasks = "--task facts_nano_choices,bool_nano --task cloze_nano --task bool_nano";
    String command = "evaluate nano " + tasks + " --mode no_think --limit 2";
    assertThat(runLine(command)).as(err).isEqualTo(Exit.OK);
    assertThat(out.lines().filter(line -> line.contains("of 2 items")))
        .extracting(line -> line.substring(0, line.indexOf(' ')))
        .containsExactly("facts_nano_choices", "bool_nano", "cloze_nano");
    assertThat(out).containsOnlyOnce("Arithmetic: ");

    assertThat(run("evaluate", "nano", "--task", "bool_nano", "--task", "boll_nano"))
        .isEqualTo(Exit.ERROR);
    assertThat(err).contains("boll_nano");
    assertThat(out).as("nothing is asked before").isEmpty();
  }

  @Test
  void perplexityIsPrintedWithItsDefinition() throws IOException {
    Path text = Files.writeString(folder.resolve("own.txt"), "the red fox runs. ".repeat(20));
    assertThat(run("evaluate", "nano", "--perplexity", text.toString(), "--window", "64"))
        .isEqualTo(Exit.OK);
    assertThat(out.replaceAll("\\s+", " "))
        .contains("own.txt", "items/s", "windows of 64 tokens", "bits per byte")
        .contains("own.txt_rolling", "byte perplexity", "as lm-evaluation-harness cuts them");
    assertThat(run("evaluate", "nano", "--window", "64")).isEqualTo(Exit.USAGE);
  }

  @Test
  void doctorSaysWhichKernelsRun() {
    assertThat(run("doctor")).isEqualTo(Exit.OK);
    assertThat(out).contains("vector row kernels of", "oneDNN ");
  }

  @Test
  void aMapWithoutRecordsSaysWhatToDo() {
    assertThat(run("map", "--out", folder.toString())).isEqualTo(Exit.ERROR);
    assertThat(err.lines()).hasSize(1);
    assertThat(err).contains("bitatlas study");
  }

  @Test
  void controlCharactersOfATokenAreWrittenOut() {
    assertThat(TokenizeCommand.visible("a\n\tb\u0001")).isEqualTo("a\\n\\tb\\u0001");
  }
}
