package org.bitatlas.format.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Inputs.Rounding;
import org.bitatlas.format.support.LayerScheme.Storage;
import org.bitatlas.format.support.SupportedScheme.Layers;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CapabilityTableTest {
  private static final Inputs DYNAMIC = new Inputs(Rounding.DYNAMIC_TOKEN, 8, true);
  private static final Inputs STATIC = new Inputs(Rounding.STATIC_TENSOR, 8, false);

  private final CapabilityTable table = CapabilityTable.bundled();

  private List<String> loading(
      String stack, String version, DeviceFamily device, LayerScheme layer) {
    ServingStack found = table.stack(stack);
    return found.judge(layer, found.version(version), device).stream()
        .filter(Judgement::loads)
        .map(judgement -> judgement.scheme().name())
        .toList();
  }

  @Test
  void theSafeSchemesOfAscendLoadEverywhere() {
    LayerScheme w8a8 = LayerScheme.dense(8, 0, true, DYNAMIC, true);
    LayerScheme w8a16 = LayerScheme.dense(8, 0, true, Inputs.FLOAT, true);
    LayerScheme fixed = LayerScheme.dense(8, 0, true, STATIC, true);
    for (String version : List.of("0.18.0", "0.26.0rc1", "main")) {
      assertThat(loading("vllm-ascend", version, DeviceFamily.ASCEND_A2, w8a8))
          .containsExactly("W8A8_DYNAMIC", "compressed-tensors W8A8_DYNAMIC");
      assertThat(loading("vllm-ascend", version, DeviceFamily.ASCEND_A2, w8a16))
          .containsExactly("W8A16");
      assertThat(loading("vllm-ascend", version, DeviceFamily.ASCEND_A2, fixed))
          .containsExactly("W8A8", "W8A8_MIX");
    }
  }

  @Test
  void the310PTakesEightBitsOfModelSlimOnly() {
    LayerScheme w8a8 = LayerScheme.dense(8, 0, true, DYNAMIC, true);
    assertThat(loading("vllm-ascend", "main", DeviceFamily.ASCEND_310P, w8a8))
        .containsExactly("W8A8_DYNAMIC");
    assertThat(
            loading(
                "vllm-ascend",
                "main",
                DeviceFamily.ASCEND_310P,
                LayerScheme.dense(8, 0, true, Inputs.FLOAT, false)))
        .isEmpty();
    assertThat(
            loading(
                "llama.cpp",
                "main",
                DeviceFamily.ASCEND_310P,
                LayerScheme.dense(4, 32, true, Inputs.FLOAT, false)))
        .isEmpty();
  }

  /** The dense W4A8 was removed from main, and never added a bias. */
  @Test
  void fourBitsOnAscendDependOnVersionAndBias() {
    LayerScheme bare = LayerScheme.dense(4, 256, true, Inputs.FLOAT, false);
    LayerScheme biased = LayerScheme.dense(4, 256, true, Inputs.FLOAT, true);
    assertThat(loading("vllm-ascend", "0.23.0", DeviceFamily.ASCEND_A2, bare))
        .containsExactly("W4A8_DYNAMIC");
    assertThat(loading("vllm-ascend", "main", DeviceFamily.ASCEND_A2, bare)).isEmpty();
    assertThat(loading("vllm-ascend", "0.23.0", DeviceFamily.ASCEND_A2, biased)).isEmpty();

    ServingStack stack = table.stack("vllm-ascend");
    Judgement nearest =
        stack.judge(biased, stack.version("0.23.0"), DeviceFamily.ASCEND_A2).getFirst();
    assertThat(nearest.scheme().name()).isEqualTo("W4A8_DYNAMIC");
    assertThat(nearest.objections()).containsExactly("the bias of the layer is left out");
  }

  @Test
  void expertsHaveTheirOwnSchemes() {
    LayerScheme experts =
        new LayerScheme(Storage.GRID, 4, 128, true, Inputs.FLOAT, false, false, true);
    assertThat(loading("vllm-ascend", "main", DeviceFamily.ASCEND_A2, experts))
        .containsExactly("W4A16");
    ServingStack stack = table.stack("vllm-ascend");
    assertThat(
            stack.scheme("W4A8_DYNAMIC", Layers.LINEAR, StackVersion.MAIN, DeviceFamily.ASCEND_A2))
        .hasValueSatisfying(
            scheme -> assertThat(scheme.versions().contains(StackVersion.MAIN)).isFalse());
  }

  @Test
  void onlyTransformsMakeFlatQuant() {
    Inputs four = new Inputs(Rounding.DYNAMIC_TOKEN, 4, true);
    LayerScheme flat = new LayerScheme(Storage.GRID, 4, 0, true, four, true, true, false);
    assertThat(loading("vllm-ascend", "main", DeviceFamily.ASCEND_A3, flat))
        .containsExactly("W4A4_FLATQUANT_DYNAMIC");
    assertThat(
            loading(
                "vllm-ascend",
                "main",
                DeviceFamily.ASCEND_A3,
                LayerScheme.dense(4, 0, true, four, true)))
        .containsExactly("W4A4_DYNAMIC");
  }

  @ParameterizedTest
  @CsvSource({
    "main, 4, 128, true, cuda-hopper, WNA16|GPTQ",
    "main, 4, 128, false, cuda-hopper, WNA16|AWQ",
    "main, 3, 128, false, cuda-hopper, ''",
    "0.21, 3, 128, false, cuda-hopper, GPTQ",
    "main, 4, 64, true, cpu-avx512, WNA16 on CPU",
    "main, 4, 64, false, cpu-avx512, AWQ",
    "main, 4, 64, true, cpu-avx2, ''",
  })
  void weightOnlyOnVllm(
      String version, int bits, int group, boolean symmetric, String device, String schemes) {
    LayerScheme layer = LayerScheme.dense(bits, group, symmetric, Inputs.FLOAT, true);
    assertThat(String.join("|", loading("vllm", version, DeviceFamily.of(device), layer)))
        .isEqualTo(schemes);
  }

  @Test
  void noStackLoadsBinaryOrMixedGroups() {
    for (Storage storage : List.of(Storage.BINARY, Storage.MIXED_GROUPS)) {
      LayerScheme layer = new LayerScheme(storage, 2, 128, true, Inputs.FLOAT, false, false, false);
      for (ServingStack stack : table.stacks()) {
        for (DeviceFamily device : DeviceFamily.values()) {
          assertThat(stack.judge(layer, StackVersion.MAIN, device))
              .noneMatch(Judgement::loads)
              .allMatch(judgement ->
                  judgement.objections().contains("stores codes of equal width on a grid only"));
        }
      }
    }
  }

  /** Every row names a source, and a command serves every format that a stack reads. */
  @Test
  void theTableIsComplete() {
    for (ServingStack stack : table.stacks()) {
      assertThat(stack.devices()).isNotEmpty();
      for (SupportedScheme scheme : stack.schemes()) {
        assertThat(scheme.source()).isNotBlank();
        assertThat(stack.devices()).containsAll(scheme.devices());
        for (FormatName format : scheme.formats()) {
          assertThat(stack.commands()).containsKey(format.label());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.18.0, true",
    "v0.18.0rc1, true",
    "0.17.9, false",
    "0.26.0rc1, true",
    "0.26.3, true",
    "0.27.0rc1, false",
    "0.27, false",
  })
  void aRangeHoldsItsLastSeries(String version, boolean inside) {
    VersionRange range =
        new VersionRange(
            StackVersion.of("0.18.0"), java.util.Optional.of(StackVersion.of("0.26")), false);
    assertThat(range.contains(StackVersion.of(version))).isEqualTo(inside);
    assertThat(range.contains(StackVersion.MAIN)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"soon", "", "0..1", "1.2.3.4.5"})
  void whatIsNoVersionIsRefused(String text) {
    assertThatThrownBy(() -> StackVersion.of(text))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("is not a version");
  }

  @Test
  void anUnknownVersionNamesTheKnownOnes() {
    assertThatThrownBy(() -> table.stack("vllm-ascend").version("0.9.1"))
        .hasMessage(
            "The capability table knows vLLM-Ascend 0.18.0 through 0.26, and main, not 0.9.1; name"
                + " one of these versions.");
    assertThatThrownBy(() -> table.stack("tgi"))
        .hasMessageContaining(
            "known are vllm-ascend, vllm, transformers, gptqmodel, llama.cpp, mindie");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "format: 2 | is not of format 1",
        "format: 1 | stacks is missing",
        "nonsense: [ | is not readable",
        "{format: 1, stacks: [], other: 1} | is not readable",
        "{format: 1, stacks: [{name: a, title: A, versions: {from: '1'}, devices: [gpu], schemes:"
            + " []}]} | a.devices: There is no device family 'gpu'",
        "{format: 1, stacks: [{name: a, title: A, versions: {from: '2', through: '1'}, devices:"
            + " [cpu-avx2], schemes: []}]} | from 2 through 1",
        "{format: 1, stacks: [{name: a, title: A, versions: {from: '1'}, devices: [cpu-avx2],"
            + " schemes: [{name: b, formats: [gguf], bits: [4], groups: {}, source: s}]}]} | a.b: A"
            + " scheme allows the group sizes",
        "{format: 1, stacks: [{name: a, title: A, versions: {from: '1'}, devices: [cpu-avx2],"
            + " schemes: [{name: b, formats: [gguf], bits: [4], groups: {channel: true}, source:"
            + " s}]}]} | names s, which is not among the sources",
      })
  void aWrongTableIsNamedInOneSentence(String yaml, String expected) {
    assertThatThrownBy(() -> CapabilityTable.read("t.yaml", yaml))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("t.yaml")
        .hasMessageContaining(expected);
  }
}
