package org.bitatlas.format.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.bitatlas.format.JsonFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/** Overrides by layer ({@code dynamic}) as each loader understands them. */
class GptqOverridesTest {

  private static final String ATTENTION = "model.layers.0.self_attn.";
  private static final String MLP = "model.layers.1.mlp.";

  @TempDir private Path folder;

  private EditableFolder made = new EditableFolder(Path.of(""));

  private void make(Map<String, Integer> others) throws IOException {
    made = GoodFolders.gptq(folder, others);
  }

  private void section(Consumer<ObjectNode> change) throws IOException {
    made.json("config.json", all -> change.accept(all.withObject("quantization_config")));
  }

  /** Replaces the overrides; keys and {bits, group size, act order}, or nothing where skipped. */
  private void overrides(Map<String, Map<String, ?>> overrides) throws IOException {
    section(section -> {
      ObjectNode dynamic = section.putObject("dynamic");
      overrides.forEach((key, fields) -> {
        ObjectNode entry = dynamic.putObject(key);
        fields.forEach((name, value) -> entry.putPOJO(name, value));
      });
    });
  }

  private List<Finding> findings(String target) {
    return CheckpointCheck.run(made.path(), LoaderTarget.of(target, Optional.empty())).findings();
  }

  private List<String> rules(String target) {
    return findings(target).stream().map(Finding::rule).distinct().toList();
  }

  private static String words(Finding finding) {
    return finding.where() + ": " + finding.problem() + ". " + finding.remedy();
  }

  /** Bits that differ between fused layers, a block's layers and from block to block. */
  @ParameterizedTest
  @ValueSource(strings = {"vllm", "vllm@0.21", "vllm@0.29", "gptqmodel"})
  void whatIsExportedLoadsWhereFusedLayersAgree(String target) throws IOException {
    make(
        Map.of(
            "0.mlp.gate_proj",
            8,
            "0.mlp.up_proj",
            8,
            "down_proj",
            8,
            "1.self_attn.q_proj",
            0,
            "1.self_attn.k_proj",
            0,
            "1.self_attn.v_proj",
            0));
    assertThat(findings(target)).isEmpty();
  }

  @Test
  void namesAreOfThePartsAndOfTheWhole() throws IOException {
    make(Map.of("0.mlp.gate_proj", 8, "0.mlp.up_proj", 8));
    assertThat(
            JsonFile.read(made.path().resolve("quantize_config.json"))
                .path("dynamic")
                .propertyNames())
        .containsExactly("+:^model\\.layers\\.0\\.mlp\\.(?:gate_proj|up_proj|gate_up_proj)$");
  }

  @ParameterizedTest
  @ValueSource(strings = {"vllm", "vllm@0.21", "gptqmodel", "transformers"})
  void whatIsFloatInEveryBlockLoadsEverywhere(String target) throws IOException {
    make(Map.of("down_proj", 0, "q_proj", 0, "k_proj", 0, "v_proj", 0));
    assertThat(findings(target)).isEmpty();
  }

  @Test
  void transformersReadsNoOverrides() throws IOException {
    make(Map.of("0.self_attn.o_proj", 8, "1.mlp.down_proj", 0));
    assertThat(findings("transformers"))
        .extracting(GptqOverridesTest::words)
        .satisfiesExactlyInAnyOrder(
            one ->
                assertThat(one)
                    .contains(
                        ATTENTION
                            + "o_proj.qweight: the file holds 8 bits in groups of 32, and"
                            + " transformers takes 4 bits in groups of 32",
                        "load the folder with GPTQModel"),
            one ->
                assertThat(one)
                    .contains(
                        MLP
                            + "down_proj.weight: the file holds floats, and transformers takes 4"
                            + " bits"));
  }

  @Test
  void partsOfAFusedLayerApart() throws IOException {
    make(Map.of("0.self_attn.q_proj", 8));
    assertThat(findings("gptqmodel")).isEmpty();
    assertThat(findings("vllm"))
        .extracting(GptqOverridesTest::words)
        .allSatisfy(one ->
            assertThat(one)
                .contains(
                    "it is 4 bits in groups of 32 and " + ATTENTION + "q_proj is 8 bits",
                    "parts of " + ATTENTION + "qkv_proj",
                    "quantize all parts of qkv_proj alike"))
        .extracting(one -> one.substring(0, one.indexOf(':')))
        .containsExactly(ATTENTION + "k_proj.weight", ATTENTION + "v_proj.weight");
  }

  /** As GPTQModel writes them. */
  @Test
  void namesOfThePartsOnlyAreNotFoundByVllm() throws IOException {
    make(Map.of("0.mlp.gate_proj", 8, "0.mlp.up_proj", 8));
    overrides(Map.of("+:^model\\.layers\\.0\\.mlp\\.(gate|up)_proj$", Map.of("bits", 8)));
    assertThat(findings("gptqmodel")).isEmpty();
    assertThat(findings("vllm"))
        .hasSize(2)
        .allSatisfy(finding -> assertThat(finding.rule()).isEqualTo("different-scheme"))
        .extracting(GptqOverridesTest::words)
        .first()
        .asString()
        .contains(
            "the file holds 8 bits in groups of 32, and vLLM takes 4 bits in groups of 32 for"
                + " model.layers.0.mlp.gate_up_proj",
            "\"+:^model\\.layers\\.0\\.mlp\\.(?:gate_proj|up_proj|gate_up_proj)$\": {\"bits\": 8,"
                + " \"group_size\": 32}");
  }

  @Test
  void theNameOfTheWholeOnlyIsNotFoundByGptqModel() throws IOException {
    make(Map.of("0.mlp.gate_proj", 8, "0.mlp.up_proj", 8));
    overrides(Map.of(".*gate_up_proj", Map.of("bits", 8)));
    assertThat(rules("gptqmodel")).containsExactly("different-scheme");
    assertThat(rules("vllm")).containsExactly("different-scheme");
    overrides(Map.of(".*0\\.mlp\\.gate_up_proj", Map.of("bits", 8)));
    assertThat(findings("vllm")).isEmpty();
  }

  /** A skipped name that begins another: the expression need not match to the end. */
  @Test
  void theFirstExpressionThatANameBeginsWithDecides() throws IOException {
    make(Map.of());
    overrides(Map.of("-:.*\\.1\\.mlp\\.gate_up", Map.of()));
    assertThat(findings("gptqmodel")).isEmpty();
    assertThat(findings("vllm"))
        .hasSize(2)
        .extracting(GptqOverridesTest::words)
        .allSatisfy(one ->
            assertThat(one)
                .contains(
                    "the file holds codes, and vLLM takes floats for " + MLP + "gate_up_proj",
                    "take " + MLP + "gate_up_proj out of \"-:.*\\.1\\.mlp\\.gate_up\""));
    section(section -> {
      ObjectNode dynamic = section.putObject("dynamic");
      dynamic.putObject("model.*gate_up").put("bits", 4);
      dynamic.putObject("-:.*gate_up");
    });
    assertThat(findings("vllm")).isEmpty();
  }

  @Test
  void floatLayersWithoutAnOverride() throws IOException {
    make(Map.of("1.mlp.down_proj", 0, "0.self_attn.k_proj", 0));
    section(section -> section.remove("dynamic"));
    // vLLM sees what is quantized by the files, GPTQModel by the configuration.
    assertThat(findings("vllm"))
        .extracting(Finding::where, Finding::rule)
        .containsExactly(tuple(ATTENTION + "k_proj.weight", "mixed-types"));
    assertThat(findings("gptqmodel"))
        .extracting(GptqOverridesTest::words)
        .anySatisfy(one ->
            assertThat(one)
                .contains(
                    MLP + "down_proj.weight: the file holds floats, and GPTQModel takes 4 bits",
                    "\"-:^model\\.layers\\.1\\.mlp\\.down_proj$\": {}"));
    section(section -> section.putArray("modules_in_block_to_quantize").add("down_proj"));
    assertThat(findings("vllm"))
        .extracting(Finding::where)
        .contains(MLP + "down_proj.weight", MLP + "up_proj.qweight")
        .doesNotContain("model.layers.0.mlp.down_proj.qweight");
  }

  @Test
  void actOrderByLayer() throws IOException {
    make(Map.of());
    made.change(
        MLP + "down_proj.g_idx",
        bytes -> {
          byte[] first = Arrays.copyOf(bytes, 4);
          System.arraycopy(bytes, 4 * 40, bytes, 0, 4);
          System.arraycopy(first, 0, bytes, 4 * 40, 4);
        });
    assertThat(rules("vllm")).containsExactly("group-index");
    overrides(Map.of(".*1\\.mlp\\.down_proj", Map.of("desc_act", true)));
    assertThat(findings("vllm@0.29")).isEmpty();
    assertThat(findings("gptqmodel")).isEmpty();
    assertThat(findings("vllm"))
        .extracting(Finding::rule, Finding::where)
        .containsExactly(tuple("unsupported-type", "config.json quantization_config.desc_act"));
  }

  /** Through 0.21 the kernels of all layers are chosen by the general bits. */
  @Test
  void bitsThatMarlinHasNot() throws IOException {
    make(Map.of("0.self_attn.o_proj", 2));
    assertThat(findings("vllm@0.21")).isEmpty();
    assertThat(findings("vllm"))
        .extracting(Finding::where)
        .containsExactly("config.json quantization_config.bits", ATTENTION + "o_proj.qweight");
    section(section -> section.put("bits", 4).put("group_size", 32));
    overrides(Map.of(".*0\\.self_attn\\.o_proj", Map.of("bits", 2)));
    assertThat(findings("vllm@0.21"))
        .extracting(GptqOverridesTest::words)
        .singleElement()
        .asString()
        .contains("Marlin has not 2 bits in groups of 32");
  }

  @Test
  void zeroPointsThatSymmetricKernelsDoNotRead() throws IOException {
    make(Map.of());
    made.change(MLP + "up_proj.qzeros", bytes -> bytes[3] = 0x76);
    assertThat(findings("vllm"))
        .extracting(Finding::rule, Finding::where)
        .containsExactly(tuple("zero-points", MLP + "up_proj.qzeros"));
    section(section -> section.put("sym", false));
    assertThat(findings("vllm@0.21")).isEmpty();
    assertThat(findings("gptqmodel"))
        .extracting(Finding::where)
        .containsExactly("config.json quantization_config.sym");
    section(section -> section.withObject("meta").putArray("quantizer").add("gptqmodel:7.7.0"));
    assertThat(findings("gptqmodel")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"((", "(([a-z._0-9]+)+)+!"})
  void anExpressionThatCannotBeMatched(String expression) throws IOException {
    make(Map.of());
    overrides(Map.of(expression, Map.of("bits", 8)));
    for (String target : List.of("vllm", "gptqmodel")) {
      assertThat(findings(target))
          .extracting(Finding::where)
          .containsExactly("config.json quantization_config.dynamic");
    }
  }

  @Test
  void fieldsOfAnotherType() throws IOException {
    make(Map.of());
    section(section -> section.put("sym", "yes"));
    assertThat(findings("vllm"))
        .extracting(Finding::where)
        .containsExactly("config.json quantization_config");
    section(section -> section.put("sym", true).put("dynamic", "all"));
    assertThat(findings("vllm"))
        .extracting(Finding::problem)
        .singleElement()
        .asString()
        .contains("quantization_config dynamic, expected an object");
  }
}
