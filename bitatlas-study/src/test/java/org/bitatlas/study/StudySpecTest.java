package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.model.Execution;
import org.bitatlas.quant.calibration.Joining;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StudySpecTest {
  private static final String MINIMAL =
      """
      name: small
      models: [nano]
      recipes: [float, {method: rtn, bits: [4, 3]}]
      tasks: [{task: gsm_nano, modes: [slow_think]}, wikitext_nano]
      """;

  @TempDir Path folder;

  @Test
  void defaultStudyHasFloatFirstAndBothMethodsAtFourWidths() {
    StudySpec spec = StudySpec.defaultSpec();
    assertThat(spec.recipes())
        .extracting(StudyRecipe::label)
        .containsExactly(
            "float", "RTN W8", "RTN W4", "RTN W3", "RTN W2", "GPTQ W8", "GPTQ W4", "GPTQ W3",
            "GPTQ W2");
    assertThat(spec.tasks())
        .extracting(StudyTask::label)
        .contains("gsm_nano slow_think", "facts_nano_choices no_think", "wikitext_nano");
    assertThat(spec.collapse()).isPresent();
  }

  @ParameterizedTest
  @CsvSource({"full", "papers", "reasoning"})
  void theSpecificationOfACellIsReadAsTheRecipeItWas(String study) {
    Path root = Path.of(System.getProperty("bitatlas.root", ".."));
    StudySpec spec = StudySpec.read(root.resolve("studies").resolve(study + ".yaml"));
    for (StudyRecipe recipe : spec.recipes()) {
      String text =
          SpecText.ofCell(
              spec, "nano", recipe, spec.tasks().getFirst(), spec.decodings().getFirst());
      StudySpec again = StudySpec.parse("cell", text);
      assertThat(again.recipes().getLast().describe()).isEqualTo(recipe.describe());
      assertThat(again.tasks()).containsExactly(spec.tasks().getFirst());
      assertThat(again.calibration()).isEqualTo(spec.calibration());
      assertThat(again.collapse()).isEqualTo(spec.collapse());
      assertThat(again.margin()).isEqualTo(spec.margin());
      assertThat(again.decodings()).isEqualTo(spec.decodings());
    }
  }

  @Test
  void theFullStudyHasEveryMethodEverySuiteAndEveryMode() {
    Path root = Path.of(System.getProperty("bitatlas.root", ".."));
    StudySpec spec = StudySpec.read(root.resolve("studies/full.yaml"));
    assertThat(spec.recipes())
        .extracting(StudyRecipe::method)
        .contains("RTN", "GPTQ", "AWQ", "SmoothQuant", "GPTAQ", "BiLLM", "SliM-LLM", "FlatQuant");
    assertThat(spec.tasks()).extracting(StudyTask::task).hasSize(23).contains("mbpp_nano");
    assertThat(spec.tasks())
        .extracting(StudyTask::mode)
        .contains("slow_think", "auto_think", "no_think");
    assertThat(spec.speed().orElseThrow().schemes()).contains("bf16", "w8a8", "w8a8-static");
  }

  @Test
  void optionsReplaceModelSuiteAndLimit() throws IOException {
    StudyOptions options =
        new StudyOptions(
            folder, Optional.of(Path.of("suite")), Optional.of("other"), 1, OptionalInt.of(5));
    StudySpec spec = read(MINIMAL).with(options);
    assertThat(spec.models()).containsExactly("other");
    assertThat(spec.suite()).contains(Path.of("suite"));
    assertThat(spec.limit()).isEqualTo(ItemLimit.everywhere(5));
  }

  @Test
  void embeddedSuitesKeepTheirNameInTheTextOfAMapAndOthersTheirPlace() throws IOException {
    StudySpec embedded = read(MINIMAL + "suite: nano-large\n");
    assertThat(StudySpec.parse("map", embedded.mapText()).suite()).contains(Path.of("nano-large"));
    StudySpec other = read(MINIMAL + "suite: mine\n");
    assertThat(StudySpec.parse("map", other.mapText()).suite())
        .contains(folder.resolve("mine").toAbsolutePath());
  }

  @Test
  void limitsMayDifferByTask() throws IOException {
    StudySpec spec = read(MINIMAL + "limit: {others: 300, tasks: {bool_nano: 2000}}\n");
    assertThat(spec.limit().of("bool_nano")).hasValue(2000);
    assertThat(spec.limit().of("gsm_nano")).hasValue(300);
    assertThat(spec.limit().text()).isEqualTo("300 items per task; bool_nano 2000");
    assertThat(StudySpec.parse("map", spec.mapText()).limit()).isEqualTo(spec.limit());
    assertThat(read(MINIMAL + "limit: {tasks: {bool_nano: 7}}\n").limit().of("gsm_nano")).isEmpty();
    assertThat(read(MINIMAL + "limit: 12\n").limit()).isEqualTo(ItemLimit.everywhere(12));
  }

  @Test
  void aLimitOfATaskIsAWholeNumberFromOne() {
    assertThatThrownBy(() -> read(MINIMAL + "limit: {tasks: {bool_nano: 0}}\n"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("limit.tasks.bool_nano is 0; expected a whole number from 1");
  }

  @Test
  void executionIsThatOfTheSpecificationUnlessAskedForOtherwise() throws IOException {
    assertThat(read(MINIMAL).execution()).isEqualTo(Execution.SIMULATED);
    StudySpec spec = read(MINIMAL + "execution: integer\n");
    assertThat(spec.execution()).isEqualTo(Execution.INTEGER);
    StudyOptions options =
        new StudyOptions(
            folder,
            Optional.empty(),
            Optional.empty(),
            1,
            OptionalInt.empty(),
            Optional.of(Execution.SIMULATED),
            false,
            Device.CPU);
    assertThat(spec.with(options).execution()).isEqualTo(Execution.SIMULATED);
  }

  @Test
  void numericsMakeARowOfEachRecipeThatSaysWhatItIs() throws IOException {
    StudySpec spec = read(MINIMAL + "numerics: [ours, ascend-910b]\n");
    assertThat(spec.recipes())
        .extracting(StudyRecipe::label)
        .containsExactly(
            "float",
            "RTN W4",
            "RTN W4 [emulated ascend-910b numerics, never run on hardware]",
            "RTN W3",
            "RTN W3 [emulated ascend-910b numerics, never run on hardware]");
    assertThat(spec.recipes().get(2).emulation()).contains(Execution.ASCEND_910B);
    assertThat(spec.recipes().get(2).method()).isEqualTo("RTN on ascend-910b");
  }

  @Test
  void aRecipeMayHaveNumericsOfItsOwn() throws IOException {
    StudySpec spec =
        read(
            MINIMAL.replace(
                "{method: rtn, bits: [4, 3]}",
                "{method: rtn, bits: 4}, {method: rtn, bits: 3, numerics: ascend-910b}"));
    assertThat(spec.recipes())
        .extracting(recipe -> recipe.emulation().isPresent())
        .containsExactly(false, false, true);
    assertThatThrownBy(() -> read(MINIMAL + "numerics: ascend-310p\n"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(
            "There are no numerics 'ascend-310p': the kernels of the 310P are others, and what they"
                + " compute was not read; give ours, ascend-910b or"
                + " ascend-910b-rounded-scales.");
  }

  @Test
  void floatModelIsAlwaysTheFirstRow() throws IOException {
    StudySpec spec =
        read(MINIMAL.replace("[float, {method: rtn, bits: [4, 3]}]", "{method: rtn, bits: 4}"));
    assertThat(spec.recipes()).extracting(StudyRecipe::label).containsExactly("float", "RTN W4");
  }

  @Test
  void recipesThatDifferInOptionsOnlyGetTheirFullNames() throws IOException {
    StudySpec spec =
        read(
            MINIMAL.replace(
                "{method: rtn, bits: [4, 3]}",
                "{method: rtn, bits: 4}, {method: rtn, bits: 4, grid: quarot-sym}"));
    assertThat(spec.recipes()).extracting(StudyRecipe::label).doesNotHaveDuplicates().hasSize(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "name: small ~ nmae: small ~ unknown key 'nmae'",
        "[4, 3] ~ [4, 9] ~ recipes[1].bits[1] is 9; expected a whole number from 1 to 8",
        "[4, 3] ~ [] ~ recipes[1].bits is an empty list",
        "method: rtn ~ method: rnt ~ unknown method 'rnt'",
        "bits: [4, 3] ~ bits: 4, percdamp: 0.1 ~ percdamp",
        "[slow_think] ~ [fast_think] ~ 'fast_think'; expected any of slow_think",
        "models: [nano] ~ models: 7 ~ models[0] is 7; expected a text",
        "wikitext_nano] ~ {tsk: a}] ~ tasks[1] has the unknown key 'tsk'",
        "float, ~ flaot, ~ names 'flaot'",
        "bits: [4, 3] ~ bits: [4, 4] ~ twice",
        "name: small ~ name: [a ~ not valid YAML",
      })
  void aMistakeIsOneSentenceThatNamesFileAndPlace(String from, String to, String told)
      throws IOException {
    assertThat(MINIMAL).contains(from);
    String text = MINIMAL.replace(from, to);
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("study.yaml")
        .hasMessageContaining(told);
  }

  @Test
  void aCalibrationSourceMayHaveAKindAndItsOptions() throws IOException {
    CalibrationSpec chat =
        read(MINIMAL + "\ncalibration: {source: 'chat:nano', samples: 8, mode: no_think}\n")
            .calibration();
    assertThat(chat.source()).isEqualTo("chat:nano");
    assertThat(chat.mode()).contains(ThinkingMode.NO_THINK);
    assertThat(chat.join()).isEmpty();
    assertThat(
            read(MINIMAL + "\ncalibration: {source: 'wikitext2:a', join: space}\n")
                .calibration()
                .join())
        .contains(Joining.SPACE);
    assertThatThrownBy(() -> read(MINIMAL + "\ncalibration: {source: 'chat:nano', mode: fast}\n"))
        .hasMessageContaining("calibration.mode is \"fast\"; expected one of slow_think");
  }

  @Test
  void aRowMayHaveItsOwnCalibration() throws IOException {
    String own = ", {method: gptq, bits: 4, calibration: {source: 'chat:nano', mode: no_think}}";
    String draw = ", {method: gptq, bits: 4, calibration: {seed: 7, samples: 4}}";
    StudySpec spec =
        read(
            MINIMAL.replace("{method: rtn, bits: [4, 3]}", "{method: gptq, bits: 4}" + own + draw)
                + "calibration: {source: 'chat:nano', mode: slow_think, samples: 8, length: 64}\n");

    assertThat(spec.recipes())
        .extracting(StudyRecipe::label)
        .containsExactly(
            "float",
            "GPTQ W4",
            "GPTQ W4 on chat:nano no_think",
            "GPTQ W4 on chat:nano slow_think 4x64 seed 7");
    assertThat(spec.recipes().get(1).calibration()).isEmpty();
    // Mode and texts come together; the rest is the study's where the row does not say.
    assertThat(spec.recipes().get(2).calibration())
        .contains(
            new CalibrationSpec(
                "chat:nano", 8, 64, 0, Optional.of(ThinkingMode.NO_THINK), Optional.empty()));
    String cell =
        SpecText.ofCell(
            spec,
            "nano",
            spec.recipes().get(3),
            spec.tasks().getFirst(),
            spec.decodings().getFirst());
    assertThat(StudySpec.parse("cell", cell).calibration())
        .isEqualTo(spec.recipes().get(3).calibration().orElseThrow());
    assertThatThrownBy(() ->
            read(MINIMAL.replace("bits: [4, 3]", "bits: 4, calibration: {source: 'plain:nano'}")))
        .hasMessageContaining("recipes[1].calibration is given for RTN W4; expected none");
    assertThatThrownBy(() ->
            read(
                MINIMAL.replace(
                    "{method: rtn, bits: [4, 3]}", "{method: gptq, bits: 4}" + own + own)))
        .hasMessageContaining("'GPTQ W4 on chat:nano no_think' twice");
  }

  @Test
  void noiseDistanceAndThinkingBudgetHaveDefaults() throws IOException {
    StudySpec spec = read(MINIMAL);
    assertThat(spec.noiseFloor()).isTrue();
    assertThat(spec.divergence()).isTrue();
    assertThat(spec.thinkingBudget()).isEmpty();
    assertThat(spec.margin().pooled()).isEqualTo(2);
    StudySpec other =
        read(
            MINIMAL
                + "noise_floor: false\ndivergence: false\nthinking_budget: 64\n"
                + "margin: {points: 1, pooled: 0.5}\n");
    assertThat(other.noiseFloor()).isFalse();
    assertThat(other.divergence()).isFalse();
    assertThat(other.thinkingBudget()).hasValue(64);
    assertThat(other.margin().pooled()).isEqualTo(0.5);
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> StudySpec.read(folder.resolve("none.yaml")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("none.yaml");
  }

  private StudySpec read(String text) throws IOException {
    return StudySpec.read(Files.writeString(folder.resolve("study.yaml"), text));
  }
}
