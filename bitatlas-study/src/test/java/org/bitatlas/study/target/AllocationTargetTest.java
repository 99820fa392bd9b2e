package org.bitatlas.study.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.check.CheckReport;
import org.bitatlas.format.check.CheckpointCheck;
import org.bitatlas.format.check.LoaderTarget;
import org.bitatlas.format.check.Severity;
import org.bitatlas.format.gptq.GptqVersion;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.allocation.AdaptiveBits;
import org.bitatlas.quant.allocation.AllocatedBits;
import org.bitatlas.quant.allocation.DecodingTime;
import org.bitatlas.quant.allocation.ServingRules;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.sensitivity.SensitivityListener;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adaptive bits of the smaller embedded model for several serving stacks, up to their check. */
class AllocationTargetTest {
  private static Path model;
  private static ModelFolder opened;

  @TempDir private Path folder;

  @BeforeAll
  static void open(@TempDir Path cache) {
    model = Nano.open(cache).model(Nano.SMALL).orElseThrow();
    opened = ModelFolder.open(model);
  }

  @AfterAll
  static void close() {
    opened.close();
  }

  private static Recipe recipe(String... options) {
    Map<String, String> all = new HashMap<>();
    all.put("method", "rtn");
    all.put("bits", "adaptive");
    all.put("sym", "true");
    all.put("passes", "0");
    for (int i = 0; i < options.length; i += 2) {
      all.put(options[i], options[i + 1]);
    }
    return Recipe.parse(all);
  }

  private static AllocatedBits found(Recipe recipe) {
    CalibrationSet texts =
        CalibrationSets.ofIds(List.of(new int[] {1, 70, 300, 801, 12, 950, 33, 7}), "by hand");
    return AdaptiveBits.resolve(
        new QuantizationPipeline.Source("small", opened.architecture(), opened.checkpoint()),
        recipe,
        texts,
        new AdaptiveBits.Options(
            Optional.empty(),
            AllocationTarget.ways(recipe, opened.architecture()),
            1,
            SensitivityListener.NONE));
  }

  private CheckReport exported(AllocatedBits bits, FormatName format, String stack, String device) {
    return exported(bits, FormatCatalog.writer(format), stack, device);
  }

  private CheckReport exported(
      AllocatedBits bits, FormatWriter writer, String stack, String device) {
    QuantizationPipeline.Source source =
        new QuantizationPipeline.Source("small", opened.architecture(), opened.checkpoint());
    ExportSource quantized =
        ExportSource.of(
            new ModelFolder(
                model,
                opened.architecture(),
                opened.checkpoint(),
                Optional.of(
                    QuantizationPipeline.quantize(
                            source, bits.recipe(), Optional.empty(), 1, _ -> {})
                        .checkpoint())));
    Path target = folder.resolve(writer.format().label());
    new CheckpointExport(quantized, writer.plan(quantized), ExportOptions.DEFAULT).write(target);
    return CheckpointCheck.run(target, LoaderTarget.of(stack, Optional.of(device)));
  }

  private static long kinds(AllocatedBits bits) {
    return bits.recipe()
        .describe()
        .getOrDefault("layer_bits", "")
        .lines()
        .flatMap(line -> List.of(line.split(",")).stream())
        .map(scheme -> scheme.substring(scheme.indexOf('=')))
        .distinct()
        .count();
  }

  @Test
  void aMixForVllmPassesItsCheck() {
    AllocatedBits bits =
        found(
            recipe(
                "budget",
                "6.0",
                "bit_choices",
                "2,4,8",
                "group_choices",
                "0,32",
                "target",
                "cuda-h200/vllm"));

    assertThat(bits.served().getFirst()).isEqualTo("for vLLM main, compressed-tensors");
    assertThat(kinds(bits)).isGreaterThan(1);
    assertThat(exported(bits, FormatName.COMPRESSED_TENSORS, "vllm@main", "cuda-hopper").passes())
        .isTrue();
  }

  /** Bits by fused layer, which GPTQ folders state under the names that vLLM asks for. */
  @Test
  void theSameMixAsGptqPassesTooUnlessActOrderScattersGroups() {
    String[] wanted = {
      "budget", "6.0", "bit_choices", "2,4,8", "group_choices", "0,32", "target", "cuda-h200/vllm"
    };
    AllocatedBits bits = found(recipe(wanted));

    assertThat(AllocationTarget.ways(recipe(wanted), opened.architecture()))
        .extracting(ServingRules::name)
        .contains("vLLM main, gptq");
    assertThat(kinds(bits)).isGreaterThan(1);
    GptqWriter writer = new GptqWriter(GptqVersion.V1, true);
    assertThat(exported(bits, writer, "vllm@main", "cuda-hopper").findings())
        .noneMatch(finding -> finding.severity() != Severity.WARNING);
    assertThat(actOrder("vllm@main")).contains("act_order");
    assertThat(actOrder("vllm@0.29")).isEmpty();
  }

  /** What is in the way of groups of 32 with act order in a GPTQ folder. */
  private static String actOrder(String stack) {
    Recipe scattered =
        recipe(
            "method",
            "gptq",
            "act_order",
            "true",
            "budget",
            "6.0",
            "bit_choices",
            "4,8",
            "group_choices",
            "32",
            "target",
            "cuda-h200/" + stack);
    Recipe groups =
        Recipe.parse(Map.of("method", "rtn", "bits", "4", "sym", "true", "group_size", "32"));
    ServingRules gptq =
        AllocationTarget.ways(scattered, opened.architecture()).stream()
            .filter(way -> way.name().endsWith(", gptq"))
            .findFirst()
            .orElseThrow();
    return gptq.support().objection(Projection.DOWN.module(0), groups.weights()).orElse("");
  }

  @Test
  void aMixForVllmAscendKeepsLayersWithABiasInEightBits() {
    AllocatedBits bits =
        found(
            recipe(
                "budget",
                "7.0",
                "bit_choices",
                "4,8",
                "group_choices",
                "0,32",
                "target",
                "ascend-910b/vllm-ascend@0.26.0rc1"));

    assertThat(bits.served().getFirst()).isEqualTo("for vLLM-Ascend 0.26.0rc1, modelslim");
    assertThat(kinds(bits)).isEqualTo(2);
    assertThat(bits.recipe().weightsOf(Projection.QUERY.module(0)).bits()).isEqualTo(8);
    assertThat(exported(bits, FormatName.MODELSLIM, "vllm-ascend@0.26.0rc1", "ascend-a2").passes())
        .isTrue();
  }

  @Test
  void whatNothingLoadsIsOneSentenceWithTheReasonOfEachStack() {
    assertThatThrownBy(
            () -> found(recipe("budget", "2.5", "bit_choices", "2,3", "target", "ascend-310p")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageStartingWith("No allocation of bits is loaded on ascend-310p: vLLM-Ascend main")
        .hasMessageContaining("weights of 8 bits only")
        .hasMessageContaining("; MindIE 2.3: ")
        .hasMessageContaining("it does not list PanguEmbeddedForCausalLM");
    assertThatThrownBy(() ->
            AllocationTarget.ways(
                recipe("budget", "4", "target", "ascend-910b/vllm"), opened.architecture()))
        .hasMessageContaining("names no serving stack 'vllm'");
    assertThatThrownBy(() ->
            AllocationTarget.ways(
                recipe("budget", "4", "target", "ascend-910c"), opened.architecture()))
        .hasMessageContaining("There is no target 'ascend-910c'");
  }

  /** The times of the parts are those of the roofline for the whole model. */
  @Test
  void timesOfLayersAddUpToThePrediction() {
    HardwareTarget target = TargetCatalog.find("cuda-h200");
    Recipe recipe = recipe("budget", "100 tok/s", "bit_choices", "4,8", "target", "cuda-h200/vllm");
    ServingRules way =
        AllocationTarget.ways(recipe, opened.architecture()).stream()
            .filter(rules -> rules.name().equals("vLLM main, compressed-tensors"))
            .findFirst()
            .orElseThrow();
    DecodingTime time = way.time().orElseThrow();
    double sum = time.ofTheRest() + time.ofHead(Optional.empty());
    for (Projection projection : Projection.values()) {
      sum +=
          opened.architecture().layers() * time.ofLinear(projection, Optional.of(recipe.weights()));
    }
    Map<Projection, Integer> bits = ExecutionScheme.everywhere(recipe.bits());
    ExecutionScheme scheme =
        ExecutionScheme.alike(
            "",
            bits,
            0,
            2,
            false,
            Arithmetic.BF16,
            Arithmetic.BF16,
            ExecutionScheme.Inputs.FLOAT,
            16);

    assertThat(sum)
        .isCloseTo(
            Roofline.predict(target, opened.architecture(), scheme, Workload.DEFAULT)
                .decodeSeconds(),
            within(1e-15));
  }

  @Test
  void aSpeedIsABudgetInPredictedTokensASecond() {
    Recipe asked = recipe("budget", "1 tok/s", "bit_choices", "4,8", "target", "cuda-h200/vllm");
    assertThat(found(asked).spent())
        .singleElement()
        .asString()
        .contains("tokens/s predicted for decoding with vLLM main, compressed-tensors");
    // Slow enough for 8 bits everywhere.
    assertThat(opened.architecture().layers() * Projection.values().length)
        .isEqualTo(
            List.of(found(asked).recipe().describe().getOrDefault("layer_bits", "").split(","))
                .stream()
                .filter(layer -> layer.contains("=8"))
                .collect(Collectors.toList())
                .size());
    assertThatThrownBy(() ->
            found(
                recipe(
                    "budget", "99999999 tok/s", "bit_choices", "4,8", "target", "cuda-h200/vllm")))
        .hasMessageContaining("tokens/s are predicted, with the fastest choices");
  }
}
