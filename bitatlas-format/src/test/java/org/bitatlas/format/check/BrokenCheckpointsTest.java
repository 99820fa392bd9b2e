package org.bitatlas.format.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.format.modelslim.Description;
import org.bitatlas.format.modelslim.LinearType;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ObjectNode;

/** A folder that loads, broken in one place: the check names the place, the fault and a remedy. */
class BrokenCheckpointsTest {

  private static final String ATTENTION = "model.layers.0.self_attn.";
  private static final String MLP = "model.layers.1.mlp.";
  private static final String RELEASE = "vllm-ascend@0.23";

  @TempDir private Path folder;

  /** Makes a folder in a temporary one. */
  private interface Maker {
    EditableFolder make(Path folder) throws IOException;
  }

  /** Breaks it. */
  private interface Breaker {
    void breakIt(EditableFolder folder) throws IOException;
  }

  /** A fault, and what is expected of the check. */
  private record Fault(
      Maker maker,
      String target,
      Optional<String> device,
      Breaker breaker,
      Severity severity,
      String rule,
      String where,
      String remedy) {}

  private static Named<Fault> fault(
      String name,
      Maker maker,
      String target,
      Breaker breaker,
      Severity severity,
      String rule,
      String where,
      String remedy) {
    return Named.of(
        name, new Fault(maker, target, Optional.empty(), breaker, severity, rule, where, remedy));
  }

  private static Maker slim(LinearType type) {
    return folder -> GoodFolders.modelSlim(folder, type);
  }

  static Stream<Named<Fault>> faults() {
    return Stream.of(
            modelSlimDescription(), modelSlimTensors(), files(), compressed(), gptqAndAwq())
        .flatMap(List::stream);
  }

  private static List<Named<Fault>> modelSlimDescription() {
    return List.of(
        fault(
            "a part of a fused layer is not described",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.json(Description.FILE, all -> all.remove(ATTENTION + "k_proj.weight")),
            Severity.FAULT,
            "missing-description",
            ATTENTION + "k_proj.weight",
            "add the tensor"),
        fault(
            "the tied head is not described, on main",
            slim(LinearType.W8A8_DYNAMIC),
            "vllm-ascend@main",
            made -> made.json(Description.FILE, all -> all.remove("lm_head.weight")),
            Severity.FAULT,
            "missing-description",
            "lm_head.weight",
            "\"lm_head.weight\": \"FLOAT\""),
        fault(
            "parts of a fused layer differ",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.json(Description.FILE, all -> all.put(MLP + "up_proj.weight", "W8A16")),
            Severity.FAULT,
            "mixed-types",
            MLP + "up_proj.weight",
            "all parts of gate_up_proj"),
        fault(
            "a type that no version knows",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.json(Description.FILE, all -> all.put(MLP + "down_proj.weight", "W3A3")),
            Severity.FAULT,
            "unsupported-type",
            MLP + "down_proj.weight",
            "W8A8_DYNAMIC"),
        fault(
            "dense W4A8 on main, which removed it",
            slim(LinearType.W4A8_DYNAMIC),
            "vllm-ascend@main",
            made -> {},
            Severity.FAULT,
            "unsupported-type",
            MLP + "gate_proj.weight",
            "export with a type that it loads"),
        fault(
            "a quantized head",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.json(Description.FILE, all -> all.put("lm_head.weight", "W8A16")),
            Severity.FAULT,
            "unsupported-type",
            "lm_head.weight",
            "head in float"),
        fault(
            "the description is cut off",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.write(Description.FILE, "{\"model_quant_type\": "),
            Severity.FAULT,
            "malformed-file",
            Description.FILE,
            "export"),
        fault(
            "no description",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.delete(Description.FILE),
            Severity.FAULT,
            "missing-description",
            Description.FILE,
            "copy it from where"),
        fault(
            "a description under an older name",
            slim(LinearType.W8A8),
            RELEASE,
            made ->
                Files.move(
                    made.path().resolve(Description.FILE),
                    made.path().resolve("quant_model_description_w8a8.json")),
            Severity.FAULT,
            "missing-description",
            Description.FILE,
            "rename quant_model_description_w8a8.json"),
        fault(
            "the version is missing, so bytes are not pairs",
            slim(LinearType.W4A8_DYNAMIC),
            RELEASE,
            made -> made.json(Description.FILE, all -> all.remove("version")),
            Severity.FAULT,
            "wrong-shape",
            MLP + "up_proj.weight",
            "export"),
        fault(
            "the group size is missing, so it is 256",
            slim(LinearType.W4A8_DYNAMIC),
            RELEASE,
            made -> made.json(Description.FILE, all -> all.remove("group_size")),
            Severity.FAULT,
            "group-size",
            MLP + "up_proj.weight_scale_second",
            "groups of 32, 64 or 128"),
        fault(
            "config.json names another method",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made ->
                made.json(
                    "config.json",
                    all -> all.putObject("quantization_config").put("quant_method", "gptq")),
            Severity.FAULT,
            "two-formats",
            "config.json quantization_config",
            "remove quantization_config"),
        fault(
            "a ModelSlim folder for vLLM",
            slim(LinearType.W8A8_DYNAMIC),
            "vllm",
            made -> {},
            Severity.FAULT,
            "format",
            Description.FILE,
            "compressed-tensors"));
  }

  private static List<Named<Fault>> modelSlimTensors() {
    return List.of(
        fault(
            "no deq_scale",
            slim(LinearType.W8A8),
            RELEASE,
            made -> made.remove(MLP + "down_proj.deq_scale"),
            Severity.FAULT,
            "missing-tensor",
            MLP + "down_proj.deq_scale",
            "export"),
        fault(
            "a bf16 checkpoint served as fp16",
            slim(LinearType.W8A8),
            RELEASE,
            made -> made.json("config.json", all -> all.put("torch_dtype", "float16")),
            Severity.WRONG,
            "deq-scale-type",
            MLP + "down_proj.deq_scale",
            "torch_dtype"),
        fault(
            "bit patterns in a bf16 model",
            slim(LinearType.W8A8),
            RELEASE,
            made -> {
              made.zeros(MLP + "down_proj.deq_scale", ElementType.I64, 64L);
              made.change(MLP + "down_proj.deq_scale", bytes -> fill(bytes, 8, 3, (byte) 0x38));
            },
            Severity.WRONG,
            "deq-scale-type",
            MLP + "down_proj.deq_scale",
            "torch_dtype"),
        fault(
            "weights with an offset",
            slim(LinearType.W8A16),
            RELEASE,
            made -> made.change(ATTENTION + "o_proj.weight_offset", bytes -> bytes[7] = 0x41),
            Severity.WRONG,
            "asymmetric-weights",
            ATTENTION + "o_proj.weight_offset",
            "symmetric grid"),
        fault(
            "parts of a fused layer with their own input scale",
            slim(LinearType.W8A8),
            RELEASE,
            made -> made.floats(ATTENTION + "v_proj.input_scale", new float[] {0.5f}, 1),
            Severity.WRONG,
            "different-inputs",
            ATTENTION + "v_proj.input_scale",
            "qkv_proj"),
        fault(
            "an offset of the input that is no int8",
            slim(LinearType.W8A8),
            RELEASE,
            made -> made.floats(MLP + "down_proj.input_offset", new float[] {128}, 1),
            Severity.WRONG,
            "input-offset",
            MLP + "down_proj.input_offset",
            "-128 to 127"),
        fault(
            "a bias that the kernel drops",
            slim(LinearType.W4A8_DYNAMIC),
            RELEASE,
            made -> {
              made.json(
                  Description.FILE, all -> all.put(ATTENTION + "o_proj.weight", "W4A8_DYNAMIC"));
              made.zeros(ATTENTION + "o_proj.weight", ElementType.I8, 32L, 64L);
              made.floats(ATTENTION + "o_proj.weight_scale_second", ones(128), 64, 2);
              made.floats(ATTENTION + "o_proj.weight_offset_second", new float[128], 64, 2);
              made.floats(ATTENTION + "o_proj.scale_bias", new float[1024], 64, 16);
            },
            Severity.WRONG,
            "dropped-bias",
            ATTENTION + "o_proj.bias",
            "W8A8_DYNAMIC"),
        fault(
            "a scale that is not a number",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made ->
                made.change(MLP + "up_proj.weight_scale", bytes -> fill(bytes, 1, 0, (byte) 0xFF)),
            Severity.WRONG,
            "bad-scale",
            MLP + "up_proj.weight_scale",
            "damaged"),
        fault(
            "a code of five bits",
            slim(LinearType.W4A4_DYNAMIC),
            RELEASE,
            made -> made.change(ATTENTION + "q_proj.weight", bytes -> bytes[5] = 8),
            Severity.WRONG,
            "code-range",
            ATTENTION + "q_proj.weight",
            "one int4 code per byte"),
        fault(
            "factors of another size",
            slim(LinearType.W4A4_FLATQUANT_DYNAMIC),
            RELEASE,
            made -> made.zeros(MLP + "down_proj.left_trans", ElementType.F32, 4L, 4L),
            Severity.FAULT,
            "wrong-shape",
            MLP + "down_proj.left_trans",
            "export"),
        fault(
            "a weight of another width",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.zeros(MLP + "down_proj.weight", ElementType.I8, 64L, 96L),
            Severity.FAULT,
            "wrong-shape",
            MLP + "down_proj.weight",
            "config.json"),
        fault(
            "a weight of another type",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.zeros(MLP + "down_proj.weight", ElementType.U8, 64L, 128L),
            Severity.FAULT,
            "wrong-type",
            MLP + "down_proj.weight",
            "export"),
        fault(
            "a tensor that no layer has",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.zeros("model.layers.0.self_attn.q_norm.weight", ElementType.F32, 16L),
            Severity.FAULT,
            "unexpected-tensor",
            "model.layers.0.self_attn.q_norm.weight",
            "remove it"));
  }

  private static List<Named<Fault>> files() {
    return List.of(
        fault(
            "no tokenizer",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.delete("tokenizer.model"),
            Severity.FAULT,
            "missing-tokenizer",
            "tokenizer.json",
            "float model"),
        fault(
            "no licence",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.delete("LICENSE"),
            Severity.WARNING,
            "missing-licence",
            "LICENSE",
            "copy"),
        fault(
            "the float weights are still there",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made ->
                Files.copy(
                    made.path().resolveSibling("model").resolve("model.safetensors"),
                    made.path().resolve("model.safetensors")),
            Severity.FAULT,
            "duplicate-tensor",
            "model.embed_tokens.weight",
            "delete"),
        fault(
            "a shard is missing",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made ->
                Files.move(
                    made.weights(),
                    made.path().resolve("quant_model_weights-00001-of-00002.safetensors")),
            Severity.FAULT,
            "missing-shard",
            "quant_model_weights-00002-of-00002.safetensors",
            "copy the missing file"),
        fault(
            "an index that leaves the folder",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made ->
                made.write(
                    "quant_model_weights.safetensors.index.json",
                    "{\"weight_map\": {\"x\": \"../model/model.safetensors\"}}"),
            Severity.FAULT,
            "malformed-file",
            "quant_model_weights.safetensors.index.json",
            "outside its folder"),
        fault(
            "the weights are cut off",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> {
              try (RandomAccessFile file = new RandomAccessFile(made.weights().toFile(), "rw")) {
                file.setLength(file.length() - 1000);
              }
            },
            Severity.FAULT,
            "damaged-file",
            "quant_model_weights.safetensors",
            "copy or export the file again"),
        fault(
            "a download is not finished",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.write("blob.incomplete", ""),
            Severity.FAULT,
            "unfinished",
            "blob.incomplete",
            "finish"),
        fault(
            "a look-alike of the architecture",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made -> made.json("config.json", all -> all.put("param_sink_number", 128)),
            Severity.FAULT,
            "architecture",
            "config.json",
            "its own architecture"),
        fault(
            "the model's code is missing",
            slim(LinearType.W8A8_DYNAMIC),
            RELEASE,
            made ->
                made.json(
                    "config.json",
                    all ->
                        all.putObject("auto_map")
                            .put("AutoConfig", "configuration_openpangu_dense.PanguConfig")),
            Severity.FAULT,
            "missing-code",
            "configuration_openpangu_dense.py",
            ".py files"),
        fault(
            "BitAtlas's own checkpoint",
            GoodFolders::plain,
            "vllm",
            made -> made.write("bitatlas.json", "{}"),
            Severity.FAULT,
            "format",
            "bitatlas.json",
            "./bitatlas export"),
        fault(
            "a norm is missing",
            GoodFolders::plain,
            "transformers",
            made -> made.remove("model.norm.weight"),
            Severity.FAULT,
            "missing-tensor",
            "model.norm.weight",
            "export"));
  }

  private static void cache(ObjectNode section, int bits, String type) {
    section
        .putObject("kv_cache_scheme")
        .put("num_bits", bits)
        .put("type", type)
        .put("strategy", "tensor")
        .put("symmetric", true);
  }

  private static List<Named<Fault>> compressed() {
    return List.of(
        fault(
            "packed codes are missing",
            GoodFolders::packQuantized,
            "vllm",
            made -> made.remove(MLP + "gate_proj.weight_packed"),
            Severity.FAULT,
            "missing-tensor",
            MLP + "gate_proj.weight_packed",
            "export"),
        fault(
            "the head is not ignored",
            GoodFolders::packQuantized,
            "transformers",
            made -> made.json("config.json", all -> section(all).putArray("ignore")),
            Severity.FAULT,
            "head-not-ignored",
            "lm_head.weight",
            "ignore"),
        fault(
            "a part of a fused layer is ignored",
            GoodFolders::packQuantized,
            "vllm",
            made ->
                made.json(
                    "config.json",
                    all ->
                        section(all).putArray("ignore").add("lm_head").add(ATTENTION + "k_proj")),
            Severity.FAULT,
            "mixed-types",
            ATTENTION + "k_proj.weight",
            "all parts of qkv_proj"),
        fault(
            "the section under its older name",
            GoodFolders::packQuantized,
            "transformers",
            made ->
                made.json(
                    "config.json",
                    all -> all.set("compression_config", all.remove("quantization_config"))),
            Severity.FAULT,
            "configuration",
            "config.json compression_config",
            "copy it into config.json as quantization_config"),
        fault(
            "a cache of four bits",
            GoodFolders::packQuantized,
            "vllm",
            made -> made.json("config.json", all -> cache(section(all), 4, "int")),
            Severity.FAULT,
            "configuration",
            "config.json quantization_config.kv_cache_scheme",
            "set kv_cache_scheme to null"),
        fault(
            "a cache of integers, which the loader takes for fp8",
            GoodFolders::packQuantized,
            "vllm",
            made -> made.json("config.json", all -> cache(section(all), 8, "int")),
            Severity.WRONG,
            "configuration",
            "config.json quantization_config.kv_cache_scheme",
            "set kv_cache_scheme to null"),
        fault(
            "dense weights said to be sparse",
            GoodFolders::packQuantized,
            "vllm",
            made ->
                made.json(
                    "config.json",
                    all ->
                        section(all)
                            .putObject("sparsity_config")
                            .put("format", "sparse-24-bitmask")),
            Severity.FAULT,
            "configuration",
            "config.json quantization_config.sparsity_config",
            "remove sparsity_config"),
        fault(
            "transforms of activations, which are not checked",
            GoodFolders::packQuantized,
            "vllm",
            made ->
                made.json(
                    "config.json",
                    all ->
                        section(all)
                            .putObject("transform_config")
                            .putObject("config_groups")
                            .put("a", 1)),
            Severity.WARNING,
            "configuration",
            "config.json quantization_config.transform_config",
            "none"),
        fault(
            "weight_shape says something else",
            GoodFolders::packQuantized,
            "vllm",
            made -> made.change(MLP + "up_proj.weight_shape", bytes -> bytes[0] = 1),
            Severity.FAULT,
            "wrong-shape",
            MLP + "up_proj.weight_shape",
            "export"),
        fault(
            "asymmetric without zero points",
            GoodFolders::packQuantized,
            "vllm",
            made ->
                made.json(
                    "config.json", all -> group(all).withObject("weights").put("symmetric", false)),
            Severity.FAULT,
            "missing-tensor",
            ATTENTION + "q_proj.weight_zero_point",
            "export"),
        fault(
            "packed zero points, which transformers does not load",
            GoodFolders::packQuantized,
            "transformers",
            made -> {
              made.json(
                  "config.json", all -> group(all).withObject("weights").put("symmetric", false));
              made.tensors(all ->
                  List.copyOf(all.values()).stream()
                      .filter(tensor -> tensor.name().endsWith(".weight_scale"))
                      .forEach(scale -> {
                        String name = scale.name().replace("_scale", "_zero_point");
                        List<Long> shape =
                            List.of(scale.shape().getFirst() / 8, scale.shape().getLast());
                        byte[] zeros = new byte[(int) (4 * shape.getFirst() * shape.getLast())];
                        all.put(name, EditableFolder.bytes(name, ElementType.I32, shape, zeros));
                      }));
            },
            Severity.WARNING,
            "packed-zero-points",
            "config.json quantization_config.config_groups.group_0.weights.symmetric",
            "symmetric grids"),
        fault(
            "a pattern that never ends",
            GoodFolders::packQuantized,
            "vllm",
            made ->
                made.json(
                    "config.json",
                    all -> section(all).putArray("ignore").add("re:(([a-z._0-9]+)+)+!")),
            Severity.FAULT,
            "configuration",
            "config.json quantization_config.targets",
            "plain pattern"),
        fault(
            "rounded inputs in a weight-only layout",
            GoodFolders::intQuantized,
            "vllm-ascend@0.23",
            made -> made.json("config.json", all -> section(all).put("format", "pack-quantized")),
            Severity.WRONG,
            "activations-dropped",
            "config.json quantization_config.config_groups.group_0.format",
            "int-quantized"),
        fault(
            "weights of 4 bits for vLLM-Ascend",
            GoodFolders::packQuantized,
            "vllm-ascend@0.23",
            made -> {},
            Severity.FAULT,
            "unsupported-type",
            MLP + "down_proj.weight",
            "quantize with what the scheme takes"));
  }

  /** As AutoGPTQ wrote folders at first. */
  private static void withoutSection(EditableFolder made) throws IOException {
    List<String> settings = new ArrayList<>();
    made.json(
        "config.json",
        all -> {
          ObjectNode section = (ObjectNode) all.remove("quantization_config");
          section.remove("quant_method");
          settings.add(section.toString());
        });
    made.write("quantize_config.json", settings.getFirst());
  }

  private static List<Named<Fault>> gptqAndAwq() {
    return List.of(
        fault(
            "a column in a group that is not there",
            GoodFolders::gptq,
            "vllm",
            made -> made.change(MLP + "down_proj.g_idx", bytes -> bytes[4] = 9),
            Severity.WRONG,
            "group-index",
            MLP + "down_proj.g_idx",
            "export"),
        fault(
            "reordered columns without desc_act",
            GoodFolders::gptq,
            "vllm",
            made -> made.change(MLP + "down_proj.g_idx", bytes -> bytes[4] = 1),
            Severity.WRONG,
            "group-index",
            MLP + "down_proj.g_idx",
            "desc_act"),
        fault(
            "groups that do not divide the columns",
            GoodFolders::gptq,
            "vllm",
            made -> made.json("config.json", all -> section(all).put("group_size", 64)),
            Severity.FAULT,
            "group-size",
            MLP + "down_proj.qweight",
            "divides 96"),
        fault(
            "settings in the file of older versions only",
            GoodFolders::gptq,
            "vllm",
            BrokenCheckpointsTest::withoutSection,
            Severity.WARNING,
            "configuration",
            "quantize_config.json",
            "serve with --quantization gptq"),
        fault(
            "the same for a loader that reads config.json only",
            GoodFolders::gptq,
            "transformers",
            BrokenCheckpointsTest::withoutSection,
            Severity.FAULT,
            "configuration",
            "quantize_config.json",
            "copy it into config.json"),
        fault(
            "five bits",
            GoodFolders::gptq,
            "vllm",
            made -> made.json("config.json", all -> section(all).put("bits", 5)),
            Severity.FAULT,
            "configuration",
            "config.json quantization_config.bits",
            "where the checkpoint was made"),
        fault(
            "a layout of one kernel",
            GoodFolders::gptq,
            "vllm",
            made ->
                made.json("config.json", all -> section(all).put("checkpoint_format", "marlin")),
            Severity.FAULT,
            "configuration",
            "config.json quantization_config.checkpoint_format",
            "layout gptq"),
        fault(
            "GPTQ for vLLM-Ascend",
            GoodFolders::gptq,
            "vllm-ascend@main",
            made -> {},
            Severity.FAULT,
            "format",
            "config.json quantization_config",
            "modelslim"),
        fault(
            "AWQ in another layout",
            GoodFolders::awq,
            "vllm",
            made -> made.json("config.json", all -> section(all).put("version", "gemv")),
            Severity.FAULT,
            "configuration",
            "config.json quantization_config.version",
            "gemm"),
        fault(
            "AWQ without zero points",
            GoodFolders::awq,
            "transformers",
            made -> made.remove(ATTENTION + "v_proj.qzeros"),
            Severity.FAULT,
            "missing-tensor",
            ATTENTION + "v_proj.qzeros",
            "export"));
  }

  private static ObjectNode section(ObjectNode configuration) {
    return configuration.withObject("quantization_config");
  }

  private static ObjectNode group(ObjectNode configuration) {
    return section(configuration).withObject("config_groups").withObject("group_0");
  }

  private static float[] ones(int count) {
    float[] values = new float[count];
    Arrays.fill(values, 1);
    return values;
  }

  private static void fill(byte[] bytes, int step, int from, byte value) {
    for (int i = from; i < bytes.length; i += step) {
      bytes[i] = value;
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void namesPlaceFaultAndRemedy(Fault fault) throws IOException {
    EditableFolder made = fault.maker().make(folder.resolve("good"));
    fault.breaker().breakIt(made);
    CheckReport report =
        CheckpointCheck.run(made.path(), LoaderTarget.of(fault.target(), fault.device()));
    assertThat(report.findings())
        .anySatisfy(finding -> {
          assertThat(finding.rule()).isEqualTo(fault.rule());
          assertThat(finding.where()).isEqualTo(fault.where());
          assertThat(finding.severity()).isEqualTo(fault.severity());
          assertThat(finding.remedy()).contains(fault.remedy());
        });
    assertThat(report.passes()).isEqualTo(fault.severity() == Severity.WARNING);
  }

  @Test
  void refusesATypeThatADeviceDoesNotHave() throws IOException {
    EditableFolder made = GoodFolders.modelSlim(folder, LinearType.W8A16);
    CheckReport report =
        CheckpointCheck.run(made.path(), LoaderTarget.of(RELEASE, Optional.of("ascend-310p")));
    assertThat(report.findings())
        .filteredOn(finding -> finding.rule().equals("unsupported-type"))
        .hasSize(14)
        .allSatisfy(finding -> assertThat(finding.problem()).contains("ascend-a2"));
  }

  static Stream<Named<Maker>> good() {
    return Stream.concat(
        Stream.of(LinearType.values())
            .filter(type -> type != LinearType.FLOAT && type != LinearType.W8A8_MIX)
            .map(type -> Named.of(type.name(), slim(type))),
        Stream.of(Named.of("compressed-tensors W8A8", GoodFolders::intQuantized)));
  }

  @ParameterizedTest
  @MethodSource("good")
  void passesWhatLoadsOnAscend(Maker maker) throws IOException {
    CheckReport report =
        CheckpointCheck.run(
            maker.make(folder.resolve("good")).path(), LoaderTarget.of(RELEASE, Optional.empty()));
    assertThat(report.findings()).allMatch(finding -> finding.severity() == Severity.WARNING);
    assertThat(report.passes()).isTrue();
  }

  static Stream<Named<Maker>> generic() {
    return Stream.of(
        Named.of("float", GoodFolders::plain),
        Named.of("GPTQ", GoodFolders::gptq),
        Named.of("AWQ", GoodFolders::awq),
        Named.of("pack-quantized", GoodFolders::packQuantized),
        Named.of("int-quantized", GoodFolders::intQuantized));
  }

  @ParameterizedTest
  @MethodSource("generic")
  void findsNothingInWhatLoads(Maker maker) throws IOException {
    Path made = maker.make(folder.resolve("good")).path();
    for (String target : List.of("vllm", "transformers")) {
      assertThat(CheckpointCheck.run(made, LoaderTarget.of(target, Optional.empty())).findings())
          .as(target)
          .isEmpty();
    }
  }
}
