package org.bitatlas.study.recommendation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.bitatlas.eval.CellState;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.NamedShapes;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.study.recommendation.Candidate.Constraint;
import org.bitatlas.study.recommendation.Question.Preference;
import org.bitatlas.study.target.TargetCatalog;
import org.bitatlas.study.target.Workload;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RecommenderTest {
  private static final String CODE = "humaneval_nano";
  private static final Map<String, ?> W8A8 =
      Map.of("method", "rtn", "bits", 8, "a_bits", 8, "grid", "quarot-sym");
  private static final Map<String, ?> W8 =
      Map.of("method", "gptq", "bits", 8, "grid", "quarot-sym");
  private static final Map<String, ?> W4 =
      Map.of("method", "gptq", "bits", 4, "group_size", 32, "grid", "quarot-sym");
  private static final Map<String, ?> AWQ = Map.of("method", "awq", "bits", 4, "group_size", 64);
  private static final Map<String, ?> W2 =
      Map.of("method", "rtn", "bits", 2, "group_size", 32, "grid", "quarot-sym");
  private static final Map<String, ?> BILLM = Map.of("method", "billm");

  @TempDir private Path folder;

  private static String label(Map<String, ?> options) {
    return Recipe.parse(options).label();
  }

  private static Question question(
      String target, double gibibytes, double drop, String task, Preference preference) {
    return new Question(
        "nano",
        NamedShapes.named("openpangu-1b"),
        "",
        TargetCatalog.find(target),
        gibibytes == 0 ? Optional.empty() : Optional.of(gibibytes * (1L << 30)),
        drop,
        task,
        "no_think",
        Workload.DEFAULT,
        preference);
  }

  private static Question speed(String target) {
    return question(target, 8, 0.02, "code", Preference.SPEED);
  }

  /** Every setting keeps float's accuracy but one; two bits collapse. */
  private static SyntheticStudy study() {
    return new SyntheticStudy("AMD EPYC", 600)
        .floats(CODE, i -> i % 10 != 0)
        .floats("chain_nano", i -> i % 5 != 0)
        .row(W8A8, CODE, i -> i % 10 != 0 && i != 1)
        .row(W8A8, "chain_nano", i -> i % 5 != 0)
        .row(W8, CODE, i -> i % 10 != 0)
        .row(W8, "chain_nano", i -> i % 5 != 0)
        .row(W4, CODE, i -> i % 10 != 0 && i % 500 != 3)
        .row(W4, "chain_nano", i -> i % 5 != 0 && i % 10 != 3)
        .row(AWQ, CODE, i -> i % 10 != 0 && i % 20 != 3)
        .row(AWQ, "chain_nano", i -> i % 5 != 0)
        .row(W2, CODE, CellState.COLLAPSED, _ -> false)
        .row(W2, "chain_nano", CellState.COLLAPSED, _ -> false)
        .row(BILLM, CODE, i -> i % 10 != 0)
        .row(BILLM, "chain_nano", i -> i % 5 != 0);
  }

  private static Candidate excluded(Recommendation answer, Map<String, ?> options) {
    return answer.excluded().stream()
        .filter(candidate -> candidate.row().recipe().equals(label(options)))
        .findFirst()
        .orElseThrow();
  }

  static Stream<Arguments> targets() {
    return Stream.of(
        Arguments.of("ascend-310p", W8A8, "W8A8_DYNAMIC"),
        Arguments.of("ascend-910b", W4, "Q4_0 on CANN"),
        Arguments.of("cpu-avx2", W4, "Q4_0"),
        Arguments.of("cuda-h200", W4, "WNA16"));
  }

  /** What a target loads decides: the same records, other answers, each with its records. */
  @ParameterizedTest
  @MethodSource("targets")
  void theSameRecordsGiveEveryTargetItsOwnAnswer(
      String target, Map<String, ?> setting, String scheme) {
    Recommendation answer = study().answer(folder, speed(target));

    Candidate chosen = answer.chosen().orElseThrow();
    assertThat(chosen.row().recipe()).isEqualTo(label(setting));
    assertThat(chosen.deployment().orElseThrow().schemes().getFirst().name()).isEqualTo(scheme);
    assertThat(chosen.cells())
        .singleElement()
        .satisfies(cell -> assertThat(cell.record()).isPresent());
    assertThat(answer.notMeasured())
        .anyMatch(text -> text.startsWith("Accuracy was measured on AMD EPYC (simulated)"))
        .anyMatch(text -> text.contains("predicted by a roofline"))
        .anyMatch(text -> text.contains("was not run here"));
  }

  @Test
  void theEvidenceNamesTheRecordsAndTellsMeasuredFromPredicted() {
    Recommendation answer = study().answer(folder, speed("ascend-910b"));
    List<String> lines = RecommendationText.lines(answer);
    String key = answer.chosen().orElseThrow().cells().getFirst().record().orElseThrow().key();

    assertThat(lines).anyMatch(line -> line.contains("[record " + key.substring(0, 12) + "]"));
    assertThat(lines)
        .filteredOn(line -> line.contains("tokens/s"))
        .allMatch(line -> line.startsWith("  predicted "));
    assertThat(RecommendationJson.of(answer)).contains("\"record\" : \"" + key + "\"");
    Map<String, Object> values = RecommendationJson.values(answer);
    assertThat(values.get("recommended"))
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsKeys("measured", "predicted");
  }

  /** W8 and W8A8 weigh the same; W8 is the more accurate and slower in the prefill. */
  @Test
  void thePreferenceDecidesAndTheRunnerUpSaysWhyNot() {
    Recommendation fast = study().answer(folder, speed("ascend-910b"));
    assertThat(fast.runnerUp().orElseThrow().row().recipe()).isEqualTo(label(W8A8));
    assertThat(fast.runnerUpReason())
        .startsWith("speed decides")
        .contains("(predicted)")
        .contains("(measured)");

    Recommendation exact =
        study().answer(folder, question("ascend-910b", 8, 0.02, "code", Preference.ACCURACY));
    assertThat(exact.chosen().orElseThrow().row().recipe()).isEqualTo(label(W8));
  }

  @Test
  void everyColumnMustHold() {
    Recommendation answer =
        study().answer(folder, question("ascend-910b", 8, 0.02, "all", Preference.SPEED));

    assertThat(answer.chosen().orElseThrow().row().recipe()).isEqualTo(label(W8A8));
    assertThat(excluded(answer, W4).failures())
        .singleElement()
        .satisfies(failure -> {
          assertThat(failure.constraint()).isEqualTo(Constraint.QUALITY);
          assertThat(failure.words()).startsWith("chain_nano no_think: -10.0 points");
        });
  }

  /** Never from cells that collapsed, and never what has no format. */
  @Test
  void brokenAndUndeployableSettingsAreExcludedByName() {
    Recommendation answer = study().answer(folder, speed("cuda-h200"));

    assertThat(excluded(answer, W2).failures().getFirst().constraint()).isEqualTo(Constraint.STATE);
    assertThat(excluded(answer, BILLM).failures())
        .singleElement()
        .satisfies(failure -> {
          assertThat(failure.constraint()).isEqualTo(Constraint.TARGET);
          assertThat(failure.words()).contains("BiLLM has no format");
        });
    assertThat(excluded(answer, AWQ).failures().getFirst().words()).contains("-5.0 points");
  }

  @ParameterizedTest
  @CsvSource({"FAILED", "NON_FINITE", "COLLAPSED", "SKIPPED", "PARTIAL"})
  void whatIsNotOkIsNeverRecommended(CellState state) {
    Recommendation answer =
        new SyntheticStudy("AMD EPYC", 500)
            .floats(CODE, i -> i % 10 != 0)
            .row(W8A8, CODE, state, i -> i % 10 != 0)
            .answer(folder, speed("ascend-910b"));

    assertThat(answer.isFloat()).isTrue();
    assertThat(excluded(answer, W8A8).failures().getFirst().constraint())
        .isIn(Constraint.STATE, Constraint.NOT_MEASURED);
    assertThat(RecommendationText.lines(answer))
        .contains(
            "Recommended: no quantization; no quantized setting meets every constraint. Float"
                + " fits.");
  }

  /** Four right answers of a hundred: nothing to lose, nothing to conclude. */
  @Test
  void aTaskThatFloatCannotDoDecidesNothing() {
    Recommendation answer =
        new SyntheticStudy("AMD EPYC", 500)
            .floats(CODE, i -> i % 25 == 0)
            .row(W8A8, CODE, i -> i % 25 == 0)
            .answer(folder, speed("ascend-910b"));

    assertThat(answer.columns()).isEmpty();
    assertThat(answer.uninformative())
        .singleElement()
        .asString()
        .contains("uninformative in float");
    assertThat(answer.isFloat()).isTrue();
  }

  /** Equal answers on 50 items do not rule out a loss of one point. */
  @Test
  void tooFewItemsAreNotEquality() {
    Recommendation answer =
        new SyntheticStudy("AMD EPYC", 50)
            .floats(CODE, i -> i % 10 != 0)
            .row(W8A8, CODE, i -> i % 10 != 0)
            .answer(folder, question("ascend-910b", 8, 0.01, "code", Preference.SPEED));

    assertThat(excluded(answer, W8A8).failures())
        .singleElement()
        .satisfies(failure ->
            assertThat(failure.words())
                .contains("does not rule out a drop of 1.00; 50 items find"));
  }

  /** 1 GiB: bf16 and 8 bits of the 1B shape do not fit, 4 bits beside a bf16 embedding do. */
  @Test
  void memoryExcludesWhatDoesNotFitAndNothingIsNothing() {
    Recommendation tight =
        study().answer(folder, question("cuda-h200", 1, 0.02, "code", Preference.SPEED));
    assertThat(tight.chosen().orElseThrow().row().recipe()).isEqualTo(label(W4));
    assertThat(excluded(tight, W8A8).failures().getFirst().constraint())
        .isEqualTo(Constraint.MEMORY);

    Recommendation none =
        study().answer(folder, question("cuda-h200", 0.5, 0.02, "code", Preference.SPEED));
    assertThat(none.chosen()).isEmpty();
    assertThat(none.commands()).isEmpty();
    assertThat(none.excluded()).allMatch(candidate -> !candidate.failures().isEmpty());
    assertThat(RecommendationText.lines(none))
        .contains("Recommended: nothing; no setting meets every constraint, float included.");
  }

  /** Measured speed on the platform decides where all were measured under one load, else none. */
  @Test
  void measuredSpeedDecidesOnlyWhereAllWereMeasured() {
    Question asked = question("ascend-910b", 8, 0.02, "all", Preference.SPEED);
    SyntheticStudy one = study().speed(label(W8), "Ascend 910B3", "serve 8", 900);
    assertThat(one.answer(folder.resolve("one"), asked).chosen().orElseThrow().row().recipe())
        .isEqualTo(label(W8A8));

    Recommendation both =
        study()
            .speed(label(W8), "Ascend 910B3", "serve 8", 900)
            .speed(label(W8A8), "Ascend 910B3", "serve 8", 800)
            .speed(label(W8A8), "NVIDIA H200", "serve 8", 9000)
            .answer(folder.resolve("both"), asked);
    Candidate chosen = both.chosen().orElseThrow();
    assertThat(chosen.row().recipe()).isEqualTo(label(W8));
    assertThat(chosen.measured())
        .singleElement()
        .satisfies(speed -> assertThat(speed.tokensPerSecond()).isEqualTo(900));
    assertThat(RecommendationText.lines(both))
        .anyMatch(line -> line.startsWith("  measured   900.0 tokens/s, serve 8"));
  }

  /**
   * W8A8 and eight bits alone are schemes that the bench knows; the others of the study are not.
   */
  private static Path bench(Path file, String processor, int layers) throws IOException {
    return Files.writeString(
        file,
        """
        {"subject": "openpangu-1b", "layers": %d, "linearWeights": %d,
         "prompt": 512, "context": 512, "tokens": 16, "machine": {"processor": "%s"},
         "schemes": [
          {"scheme": "w8a8", "execution": "integer",
           "prefillTokensPerSecond": {"median": 500}, "decodeTokensPerSecond": {"median": 10}},
          {"scheme": "w8a16", "execution": "integer",
           "prefillTokensPerSecond": {"median": 400}, "decodeTokensPerSecond": {"median": 11}},
          {"scheme": "w4a8", "execution": "simulated",
           "prefillTokensPerSecond": {"median": 1}, "decodeTokensPerSecond": {"median": 1}}]}
        """
            .formatted(layers, linearWeights(), processor));
  }

  private static long linearWeights() {
    Architecture architecture = NamedShapes.named("openpangu-1b");
    return Arrays.stream(Projection.values())
            .mapToLong(projection ->
                (long) architecture.outputFeatures(projection)
                    * architecture.inputFeatures(projection))
            .sum()
        * architecture.layers();
  }

  @Test
  void aBenchOnTheTargetsProcessorIsMeasuredSpeedAndOneElsewhereIsNot() throws IOException {
    int layers = NamedShapes.named("openpangu-1b").layers();
    Path here = bench(folder.resolve("here.json"), "AMD EPYC 7763 64-Core", layers);
    Path elsewhere = bench(folder.resolve("elsewhere.json"), "Intel Xeon 8480+", layers);
    Path other = bench(folder.resolve("other.json"), "AMD EPYC 7763 64-Core", 4);
    SyntheticStudy two =
        new SyntheticStudy("AMD EPYC", 600)
            .floats(CODE, i -> i % 10 != 0)
            .row(W8, CODE, i -> i % 10 != 0)
            .row(W8A8, CODE, i -> i % 10 != 0);

    Question asked = speed("cpu-avx2");
    Recommendation measured =
        two.answer(folder.resolve("a"), asked, List.of(here, elsewhere, other));
    // 512 / 400 + 256 / 11 seconds are fewer than 512 / 500 + 256 / 10.
    Candidate chosen = measured.chosen().orElseThrow();
    assertThat(chosen.row().recipe()).isEqualTo(label(W8));
    assertThat(chosen.measured())
        .hasSize(3)
        .allMatch(speed -> speed.source().equals(here.toString()))
        .first()
        .satisfies(speed ->
            assertThat(speed.tokensPerSecond())
                .isCloseTo(768 / (512 / 400.0 + 256 / 11.0), within(1e-9)));
    assertThat(RecommendationText.lines(measured))
        .anyMatch(line -> line.contains("request of 512 + 256 tokens, BitAtlas's engine"))
        .noneMatch(line -> line.contains("predicted  at most"));
    assertThat(measured.runnerUpReason()).contains("tokens/s (measured)");
    assertThat(measured.notMeasured())
        .anyMatch(text -> text.contains("another machine: w8a8 of openpangu-1b on Intel Xeon"))
        .anyMatch(text -> text.contains("another shape: w8a8 of openpangu-1b on AMD EPYC"))
        .anyMatch(text -> text.contains("BitAtlas's own engine, not of the serving stack"));

    Recommendation predicted = two.answer(folder.resolve("b"), asked, List.of(elsewhere));
    assertThat(predicted.chosen().orElseThrow().measured()).isEmpty();
    assertThat(RecommendationText.lines(predicted))
        .anyMatch(line -> line.contains("predicted  at most"));
    assertThatThrownBy(() ->
            two.answer(
                folder.resolve("c"),
                asked,
                List.of(Files.writeString(folder.resolve("x.json"), "{}"))))
        .hasMessageContaining("give a file of bench --json");
  }

  /** The options printed are read back as the recorded recipe. */
  @Test
  void theCommandsMakeTheRecordedRecipe() {
    for (Map<String, ?> options : List.of(W8A8, W8, W4, AWQ, W2, BILLM)) {
      Recipe recipe = Recipe.parse(options);
      String[] words = Commands.quantize(recipe.describe()).strip().split(" ");
      Map<String, String> read = new LinkedHashMap<>();
      for (int i = 0; i < words.length; i += 2) {
        switch (words[i]) {
          case "--option" -> {
            String[] pair = words[i + 1].split("=", 2);
            read.put(pair[0], pair[1]);
          }
          default -> read.put(words[i].substring(2).replace('-', '_'), words[i + 1]);
        }
      }
      assertThat(Recipe.parse(read).describe()).isEqualTo(recipe.describe());
    }
    List<String> commands = study().answer(folder, speed("ascend-310p")).commands();
    assertThat(commands).hasSize(4);
    assertThat(commands.get(1)).contains("./bitatlas export").contains("--format modelslim");
    assertThat(commands.get(2)).contains("--for vllm-ascend@main");
    assertThat(commands.get(3)).contains("--quantization ascend --trust-remote-code");
  }

  @Test
  void whatTheStudyDoesNotHoldIsAnErrorThatNamesWhatItHas() {
    assertThatThrownBy(
            () -> study().answer(folder, question("cuda-h200", 8, 0.02, "poems", Preference.SPEED)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("no accuracy task 'poems' in the mode no_think")
        .hasMessageContaining("humaneval_nano no_think");
  }

  @Test
  void aCheckpointThatIsThereIsConvertedAndNotQuantizedAgain() {
    Map<String, String> scheme =
        Map.of("bits", "4", "group_size", "128", "symmetric", "true", "uniform", "true");
    SyntheticStudy study =
        new SyntheticStudy("AMD EPYC", 600)
            .floats(CODE, i -> i % 10 != 0)
            .checkpoint("gptq", "hub/Found-GPTQ", scheme, CODE, i -> i % 10 != 0);
    // llama.cpp takes a file, and an export is a folder with one.
    assertThat(study.answer(folder.resolve("processor"), speed("cpu-avx2")).commands())
        .containsExactly(
            "./bitatlas convert hub/Found-GPTQ --to gguf --output nano-found-gptq-gguf",
            "./bitatlas check nano-found-gptq-gguf --for llama.cpp@main --on cpu-avx2",
            "llama-server -m nano-found-gptq-gguf/*.gguf");
    Recommendation asIs = study.answer(folder, speed("cuda-h200"));
    assertThat(asIs.chosen().orElseThrow().row().recipe()).isEqualTo("found [gptq]");
    assertThat(asIs.commands())
        .as("%s", asIs.commands())
        .noneMatch(command -> command.contains("quantize"));
    assertThat(asIs.commands())
        .anyMatch(command -> command.contains("hub/Found-GPTQ"))
        .anyMatch(command -> command.startsWith("./bitatlas check "));

    Recommendation converted =
        new SyntheticStudy("AMD EPYC", 600)
            .floats(CODE, i -> i % 10 != 0)
            .checkpoint("bitatlas", "found", scheme, CODE, i -> i % 10 != 0)
            .answer(folder.resolve("other"), speed("cuda-h200"));
    assertThat(converted.commands().getFirst()).startsWith("./bitatlas convert found --to ");
    assertThat(converted.commands()).noneMatch(command -> command.contains("quantize"));
  }

  @Test
  void ofFlatQuantOnlyWhatTheTypeHoldsIsServed() {
    Recommendation paper =
        new SyntheticStudy("AMD EPYC", 600)
            .floats(CODE, i -> i % 10 != 0)
            .row(Map.of("method", "flatquant", "bits", 4, "kv_bits", 16), CODE, i -> i % 10 != 0)
            .answer(folder, speed("ascend-910b"));
    assertThat(paper.isFloat()).isTrue();
    assertThat(paper.excluded().getFirst().failures())
        .anyMatch(failure -> failure.words().contains("which recipe w4a4-ascend learns"));
    Recommendation held =
        new SyntheticStudy("AMD EPYC", 600)
            .floats(CODE, i -> i % 10 != 0)
            .row(Map.of("method", "w4a4-ascend"), CODE, i -> i % 10 != 0)
            .answer(folder.resolve("held"), speed("ascend-910b"));
    assertThat(held.isFloat()).isFalse();
    assertThat(held.commands()).anyMatch(command -> command.contains("lac=tied"));
  }

  @Test
  void aCheckpointOfSeveralSchemesIsExcludedInWords() {
    Recommendation answer =
        new SyntheticStudy("AMD EPYC", 600)
            .floats(CODE, i -> i % 10 != 0)
            .checkpoint("gguf", "x.gguf", Map.of("bits", "4"), CODE, i -> i % 10 != 0)
            .answer(folder, speed("cuda-h200"));
    assertThat(answer.isFloat()).isTrue();
    assertThat(answer.excluded().getFirst().failures())
        .anyMatch(failure -> failure.words().contains("not all on one grid"));
  }
}
