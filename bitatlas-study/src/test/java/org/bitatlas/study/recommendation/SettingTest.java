package org.bitatlas.study.recommendation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.format.support.MixingRules;
import org.bitatlas.format.support.StackVersion;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.NamedShapes;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.target.Arithmetic;
import org.bitatlas.study.target.RecipeMix;
import org.junit.jupiter.api.Test;

/** Rows whose bits were found for their layers. */
class SettingTest {
  private static final Architecture SEVEN = NamedShapes.named("openpangu-7b");

  private static MapRow row(List<String> notes) {
    Recipe adaptive =
        Recipe.parse(
            Map.of("method", "rtn", "bits", "adaptive", "budget", "4.5", "bit_choices", "4,8"));
    return new MapRow(
        "seven",
        "RTN W4.5 adaptive",
        "RTN",
        4,
        adaptive.describe(),
        Optional.empty(),
        "",
        notes,
        List.of(),
        List.of());
  }

  private static String layerBits(int layers) {
    StringBuilder bits = new StringBuilder();
    for (int layer = 0; layer < layers; layer++) {
      for (Projection projection : Projection.values()) {
        bits.append(bits.isEmpty() ? "" : ",")
            .append(projection.module(layer))
            .append(layer == 1 && projection == Projection.KEY ? "=8g0" : "=4g0");
      }
    }
    return "adaptive bits, layer_bits: " + bits;
  }

  private static MixingRules rules(FormatName format, String stack) {
    return MixingRules.of(format, CapabilityTable.bundled().stack(stack), StackVersion.MAIN);
  }

  @Test
  void eachLayerHasItsOwnBytesAndTheMixIsJudged() {
    Setting setting = new Setting(row(List.of(layerBits(SEVEN.layers()))));

    assertThat(setting.unservable(SEVEN)).isEmpty();
    assertThat(setting.layers(SEVEN)).extracting(layer -> layer.bits()).contains(4, 8);
    assertThat(setting.blocks(SEVEN, FormatName.COMPRESSED_TENSORS, Arithmetic.BF16))
        .hasSize(SEVEN.layers());
    Recipe found = setting.recipe().orElseThrow();
    assertThat(RecipeMix.objection(rules(FormatName.COMPRESSED_TENSORS, "vllm"), found, SEVEN))
        .hasValueSatisfying(reason ->
            assertThat(reason).isEqualTo("qkv_proj runs as one layer and has 4 bits and 8 bits"));
    assertThat(RecipeMix.objection(rules(FormatName.GGUF, "llama.cpp"), found, SEVEN)).isEmpty();
    // GPTQModel runs the parts of a fused layer apart; transformers knows one kind of layer.
    assertThat(RecipeMix.objection(rules(FormatName.GPTQ, "vllm"), found, SEVEN))
        .hasValueSatisfying(reason -> assertThat(reason).startsWith("qkv_proj runs as one layer"));
    assertThat(RecipeMix.objection(rules(FormatName.GPTQ, "gptqmodel"), found, SEVEN)).isEmpty();
    assertThat(RecipeMix.objection(rules(FormatName.GPTQ, "transformers"), found, SEVEN))
        .hasValueSatisfying(reason -> assertThat(reason).contains("one number of bits"));
    Recipe brief = ShortRecipe.of(found, SEVEN);
    assertThat(brief.describe()).containsEntry("layer_bits", "layers.1.self_attn.k_proj=8");
    for (int layer = 0; layer < SEVEN.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        assertThat(brief.weightsOf(module)).isEqualTo(found.weightsOf(module));
      }
    }
  }

  @Test
  void bitsOfAnotherModelOrUntoldOnesServeNothing() {
    assertThat(new Setting(row(List.of(layerBits(6)))).unservable(SEVEN))
        .containsExactly("its bits were found for the 6 blocks of seven, and these are 34");
    assertThat(new Setting(row(List.of())).unservable(SEVEN))
        .singleElement()
        .asString()
        .contains("do not tell the bits of its layers");
  }
}
