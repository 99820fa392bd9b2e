package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Folders that GPTQModel, AutoAWQ and compressed-tensors write, read here. Needs {@code
 * -Dbitatlas.peer.formats=PYTHON}, see script/peer/formats.sh; prints the table of docs/formats.md.
 */
@Tag("peer")
class ForeignFormatsPeerTest extends PeerFormatsTest {

  /** A checkpoint that another library writes, by its command. */
  private record Foreign(
      String name, String command, Map<String, Object> options, List<String> unpackers) {}

  private static List<Foreign> foreign() {
    List<Foreign> cases = new ArrayList<>();
    for (String version : new String[] {"gptq", "gptq_v2"}) {
      for (int bits : new int[] {2, 3, 4, 8}) {
        for (boolean actOrder : new boolean[] {false, true}) {
          // Asymmetric in v2 only: GPTQModel's v1 loses a zero point 0.
          boolean symmetric = version.equals("gptq");
          Map<String, Object> options = new LinkedHashMap<>();
          options.put("method", "gptq");
          options.put("format", version);
          options.put("bits", bits);
          options.put("group", PeerLayers.GROUP);
          options.put("act_order", actOrder);
          options.put("symmetric", symmetric);
          cases.add(
              new Foreign(
                  "GPTQModel | %s | %d bits, groups of %d, %s%s"
                      .formatted(
                          version,
                          bits,
                          PeerLayers.GROUP,
                          symmetric ? "symmetric" : "asymmetric",
                          actOrder ? ", act order" : ""),
                  "write_gptqmodel",
                  options,
                  List.of("unpack_gptqmodel")));
        }
      }
    }
    cases.add(
        new Foreign(
            "GPTQModel | gptq | 4 bits, gate and up 8, down float, groups of 32, symmetric",
            "write_gptqmodel",
            Map.of(
                "method",
                "gptq",
                "format",
                "gptq",
                "bits",
                4,
                "group",
                PeerLayers.GROUP,
                "act_order",
                false,
                "symmetric",
                true,
                "dynamic",
                Map.of("+:.*\\.(gate|up)_proj$", Map.of("bits", 8), "-:.*\\.down_proj$", Map.of())),
            List.of("unpack_gptqmodel")));
    cases.add(
        new Foreign(
            "GPTQModel | awq | 4 bits, groups of 32, asymmetric",
            "write_gptqmodel",
            Map.of(
                "method",
                "awq",
                "format",
                "gemm",
                "bits",
                4,
                "group",
                PeerLayers.GROUP,
                "act_order",
                false,
                "symmetric",
                false),
            List.of("unpack_gptqmodel", "unpack_autoawq")));
    for (int groupSize : new int[] {PeerLayers.GROUP, -1}) {
      cases.add(
          new Foreign(
              "AutoAWQ | awq | 4 bits, %s, asymmetric"
                  .formatted(groupSize < 0 ? "per channel" : "groups of " + groupSize),
              "write_autoawq",
              Map.of("group", groupSize, "out", "OUT"),
              List.of("unpack_autoawq", "unpack_gptqmodel")));
    }
    for (int bits : new int[] {2, 3, 4, 8}) {
      cases.add(library(bits, PeerLayers.GROUP, true, Optional.empty()));
      cases.add(library(bits, PeerLayers.GROUP, false, Optional.empty()));
    }
    cases.add(library(8, 0, true, Optional.of(true)));
    cases.add(library(8, 0, true, Optional.of(false)));
    cases.add(library(4, PeerLayers.GROUP, true, Optional.of(true)));
    return cases;
  }

  private static Foreign library(
      int bits, int groupSize, boolean symmetric, Optional<Boolean> dynamicInputs) {
    Map<String, Object> weights = new LinkedHashMap<>();
    weights.put("num_bits", bits);
    weights.put("type", "int");
    weights.put("symmetric", symmetric);
    weights.put("strategy", groupSize == 0 ? "channel" : "group");
    if (groupSize != 0) {
      weights.put("group_size", groupSize);
    }
    Map<String, Object> scheme = new LinkedHashMap<>(Map.of("weights", weights));
    dynamicInputs.ifPresent(dynamic ->
        scheme.put(
            "input_activations",
            Map.of(
                "num_bits",
                8,
                "type",
                "int",
                "symmetric",
                true,
                "strategy",
                dynamic ? "token" : "tensor",
                "dynamic",
                dynamic)));
    return new Foreign(
        "compressed-tensors | compressed-tensors | %d bits, %s, %s%s"
            .formatted(
                bits,
                groupSize == 0 ? "per channel" : "groups of " + groupSize,
                symmetric ? "symmetric" : "asymmetric",
                dynamicInputs
                    .map(dynamic ->
                        dynamic ? ", inputs 8 bits per token" : ", inputs 8 bits, fixed range")
                    .orElse("")),
        "write_compressed_tensors",
        Map.of("scheme", scheme, "out", "OUT"),
        List.of("unpack_compressed_tensors"));
  }

  @TestFactory
  List<DynamicTest> whatOthersWriteIsRead() throws IOException {
    Path model = folder().resolve("float");
    libraries().answer("float_model", Map.of("folder", model.toString()));
    List<DynamicTest> tests = new ArrayList<>();
    List<Foreign> cases = foreign();
    for (int i = 0; i < cases.size(); i++) {
      Foreign one = cases.get(i);
      Path target = folder().resolve("theirs-" + i);
      tests.add(DynamicTest.dynamicTest(one.name(), () -> reads(one, model, target)));
    }
    return tests;
  }

  private void reads(Foreign one, Path model, Path target) throws IOException {
    Map<String, Object> options = new HashMap<>(one.options());
    Path weights = folder().resolve("written.safetensors");
    options.computeIfPresent("out", (_, _) -> weights.toString());
    options.put("model", model.toString());
    options.put("folder", target.toString());
    libraries().answer(one.command(), options);
    List<String> cells = new ArrayList<>();
    if (options.containsKey("out")) {
      cells.add(PeerLibraries.same(target, weights, "written"));
    }
    for (String unpacker : one.unpackers()) {
      cells.add(libraries().compared(unpacker, target, target));
    }
    cells.add(libraries().logits(target, 5e-2));
    if (options.containsValue("gptq") && one.command().equals("write_gptqmodel")) {
      // GPTQModel names parts, vLLM asks for wholes, transformers does not ask.
      boolean mixed = options.containsKey("dynamic");
      assertThat(PeerLibraries.loads(target, "gptqmodel")).isTrue();
      assertThat(PeerLibraries.loads(target, "transformers")).isEqualTo(!mixed);
      assertThat(cells.getLast().startsWith("refused")).isEqualTo(mixed);
      if (mixed) {
        assertThat(PeerLibraries.findings(target, "vllm"))
            .filteredOn(finding -> finding.rule().equals("different-scheme"))
            .hasSize(4)
            .allMatch(finding -> finding.problem().contains("gate_up_proj"));
      }
    }
    System.out.println("| " + one.name() + " | " + String.join(" | ", cells) + " |");
  }
}
