package org.bitatlas.quant.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;

class RecipeTest {

  @Test
  void readsThePapersNames() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("method", "GPTQ");
    options.put("wbits", 3);
    options.put("groupsize", 128);
    options.put("sym", true);
    options.put("desc_act", true);
    options.put("static-groups", true);
    options.put("damp_percent", 0.05);
    options.put("true_sequential", "true");

    assertThat(Recipe.parse(options))
        .isEqualTo(Recipe.gptq(3, 128, Grid.GPTQ_SYMMETRIC, new Gptq(0.05, 128, true, true, true)));
  }

  @Test
  void defaultsAreTheReferences() {
    assertThat(Recipe.parse(Map.of("method", "gptq", "bits", 4))).isEqualTo(Recipe.gptq(4, 0));
    assertThat(Recipe.parse(Map.of("method", "rtn", "bits", 4, "group_size", -1)))
        .isEqualTo(Recipe.rtn(4, 0));
    assertThat(Recipe.parse(Map.of("method", "rtn", "bits", 4, "grid", "quarot-sym")))
        .isEqualTo(Recipe.rtn(4, 0, Grid.QUAROT_SYMMETRIC));
  }

  @Test
  void aDescriptionReadsBackAsTheSameRecipe() {
    Gptq options = new Gptq(0.1, 64, true, false, true);
    for (Recipe recipe :
        new Recipe[] {
          Recipe.rtn(8, 0),
          Recipe.of(new WeightScheme(2, 64, Grid.QUAROT_SYMMETRIC, true), new Rounding.Nearest()),
          Recipe.gptq(4, 32, Grid.GPTQ_SYMMETRIC, options)
        }) {
      assertThat(Recipe.parse(recipe.describe())).isEqualTo(recipe);
    }
    assertThat(Recipe.gptq(4, 32).describe())
        .containsEntry("profile", "reference")
        .containsEntry("quirks", "off");
  }

  @Test
  void everyMethodAndCompositionReadsBack() {
    for (String method :
        new String[] {
          "rtn",
          "gptq",
          "gptaq",
          "slim-llm",
          "awq",
          "smoothquant",
          "flatquant",
          "awq+gptq",
          "awq+gptaq",
          "smoothquant+gptq",
          "smoothquant+gptaq",
          "flatquant+gptq",
          "awq+slim-llm"
        }) {
      for (String profile : new String[] {"reference", "vllm", "ascend"}) {
        for (int bits : new int[] {2, 4, 7}) {
          Recipe recipe =
              Recipe.parse(
                  Map.of(
                      "method",
                      method,
                      "bits",
                      bits,
                      "profile",
                      profile,
                      "quirks",
                      "on",
                      "head",
                      "4g32",
                      "exclude",
                      "down_proj,layers.0."));
          assertThat(Recipe.parse(recipe.describe())).isEqualTo(recipe);
          assertThat(recipe.method().toLowerCase(Locale.ROOT)).isEqualTo(method);
        }
      }
    }
    assertThat(Recipe.parse(Map.of("method", "billm")).describe())
        .containsEntry("bits", "1")
        .containsEntry("salient_metric", "hessian");
  }

  @Test
  void methodsBringTheirOwnDefaults() {
    assertThat(Recipe.parse(Map.of("method", "awq", "bits", 4)).label()).isEqualTo("AWQ W4 g128");
    assertThat(Recipe.parse(Map.of("method", "smoothquant", "bits", 8)).label())
        .isEqualTo("SmoothQuant W8A8 alpha 0.5");
    assertThat(Recipe.parse(Map.of("method", "flatquant+gptq", "bits", 4)).label())
        .isEqualTo("FlatQuant+GPTQ W4A4KV4");
    assertThat(Recipe.parse(Map.of("method", "flatquant", "bits", 4)).describe())
        .doesNotContainKeys("lac", "o_trans", "trans_dtype");
    Recipe served = Recipe.parse(Map.of("method", "rtn", "bits", 4, "profile", "vllm"));
    assertThat(served.grid()).isEqualTo(Grid.COMPRESSED_TENSORS_SYMMETRIC);
    assertThat(served.brief()).isEqualTo("RTN W4 vllm");
    assertThat(Recipe.parse(Map.of("method", "rtn", "bits", 4, "profile", "ascend")).grid())
        .isEqualTo(Grid.QUAROT_SYMMETRIC);
  }

  @Test
  void aNameStandsForOptionsAndGivesWayToThoseBesideIt() {
    Recipe held = Recipe.parse(Map.of("method", "w4a4-ascend"));
    assertThat(held.transform())
        .isEqualTo(new Transform.FlatQuant(15, 5e-3, 4, 0.3, false, 0, FlatForm.ASCEND));
    assertThat(held.label()).isEqualTo("FlatQuant W4A4 tied-lac o-kronecker bfloat16");
    assertThat(Recipe.parse(held.describe())).isEqualTo(held);
    assertThat(Recipe.parse(Map.of("method", "w4a4-ascend", "trans_dtype", "float16")).describe())
        .containsEntry("lac", "tied")
        .containsEntry("trans_dtype", "float16");
    refused(Map.of("method", "gptq", "bits", 4, "lac", "tied"), "method does not know");
    refused(
        Map.of("method", "flatquant", "bits", 4, "lac", "both"),
        "lac must be one of separate, tied");
  }

  @Test
  void labelsNameWhatDiffersFromTheDefaults() {
    assertThat(Recipe.rtn(4, 0).label()).isEqualTo("RTN W4");
    assertThat(Recipe.gptq(3, 32).label()).isEqualTo("GPTQ W3 g32");
    assertThat(
            Recipe.gptq(4, 0, Grid.GPTQ_SYMMETRIC, new Gptq(0.01, 128, true, false, false)).label())
        .isEqualTo("GPTQ W4 gptq-sym act-order");
  }

  @Test
  void refusesWhatItDoesNotUnderstand() {
    refused(Map.of("method", "rtn", "bits", 4, "bots", 3), "unknown option 'bots'");
    refused(Map.of("method", "rtn"), "lacks the option bits");
    refused(Map.of("bits", 4), "lacks the option method");
    refused(Map.of("method", "magic", "bits", 4), "unknown method 'magic'");
    refused(Map.of("method", "rtn", "bits", "four"), "bits must be a whole number");
    refused(Map.of("method", "rtn", "bits", 9), "9 bits");
    refused(Map.of("method", "gptq", "bits", 1, "grid", "quarot-sym"), "2 to 8 bits");
    refused(Map.of("method", "rtn", "bits", 4, "wbits", 4), "twice");
    refused(Map.of("method", "rtn", "bits", 4, "act_order", true), "method does not know");
    refused(Map.of("method", "rtn", "bits", 4, "sym", "perhaps"), "sym must be true or false");
    refused(Map.of("method", "rtn", "bits", 4, "grid", "awq-asym", "sym", true), "remove one");
    refused(Map.of("method", "rtn", "bits", 4, "grid", "awq-asym", "mse", true), "not searched");
    refused(Map.of("method", "rtn", "bits", 4, "grid", "hexagonal"), "one of gptq-asym");
    refused(Map.of("method", "gptq", "bits", 4, "percdamp", 2), "damping 2.0");
    refused(Map.of("method", "gptq", "bits", 4, "blocksize", 0), "blocksize 0");
    refused(Map.of("method", "gptq", "bits", 4, "profile", "x"), "profile must be one of");
    refused(Map.of("method", "gptq+awq", "bits", 4), "go in front");
    refused(Map.of("method", "billm", "bits", 2), "1 bit only");
    refused(Map.of("method", "slim-llm", "bits", 8), "give 2 to 7");
    refused(Map.of("method", "flatquant", "bits", 4, "group_size", 32), "group size 32");
    refused(Map.of("method", "smoothquant", "bits", 8, "a_bits", 9), "a_bits 9");
    refused(Map.of("method", "rtn", "bits", 4, "head", "4x"), "head '4x'");
  }

  private static void refused(Map<String, ?> options, String message) {
    assertThatThrownBy(() -> Recipe.parse(options))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }

  @Test
  void layersMayHaveBitsOfTheirOwn() {
    Recipe recipe =
        Recipe.parse(
            Map.of(
                "method",
                "gptq",
                "bits",
                3,
                "group_size",
                64,
                "layer_bits",
                "down_proj=4,layers.0.=8g32,layers.0.self_attn.v_proj=6"));

    assertThat(recipe.weightsOf("model.layers.1.mlp.up_proj").bits()).isEqualTo(3);
    assertThat(recipe.weightsOf("model.layers.1.mlp.down_proj").bits()).isEqualTo(4);
    assertThat(recipe.weightsOf("model.layers.1.mlp.down_proj").groupSize()).isEqualTo(64);
    assertThat(recipe.weightsOf("model.layers.0.mlp.down_proj").bits()).isEqualTo(8);
    assertThat(recipe.weightsOf("model.layers.0.mlp.down_proj").groupSize()).isEqualTo(32);
    assertThat(recipe.weightsOf("model.layers.0.self_attn.v_proj").bits()).isEqualTo(6);
    assertThat(Recipe.parse(recipe.describe())).isEqualTo(recipe);
    assertThat(recipe.label())
        .isEqualTo("GPTQ W3 g64 down_proj=4 layers.0.=8g32 layers.0.self_attn.v_proj=6");
    assertThatThrownBy(
            () -> Recipe.parse(Map.of("method", "rtn", "bits", 3, "layer_bits", "q_proj:4")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("'q_proj:4'");
  }

  @Test
  void anAdaptiveRecipeHasABudget() {
    Recipe recipe =
        Recipe.parse(
            Map.of(
                "method",
                "gptq",
                "bits",
                "adaptive",
                "budget",
                3.25,
                "bit_choices",
                "4,2,3",
                "group_choices",
                "0,64",
                "table_choices",
                "float,8,4g32",
                "passes",
                2));

    assertThat(recipe.allocation())
        .isEqualTo(
            new BitAllocation.Adaptive(
                new BitBudget.Bits(3.25),
                List.of(2, 3, 4),
                List.of(0, 64),
                List.of(TableScheme.FLOAT, TableScheme.ROWS_OF_8_BITS, new TableScheme(4, 32)),
                2,
                Optional.empty()));
    assertThat(Recipe.parse(recipe.describe())).isEqualTo(recipe);
    assertThat(recipe.label())
        .isEqualTo("GPTQ W3.25 adaptive of [2, 3, 4] groups [0, 64] with tables 2 passes");
    assertThat(
            Recipe.parse(Map.of("method", "rtn", "bits", "adaptive", "budget", "2.5MiB"))
                .allocation())
        .extracting(allocation -> ((BitAllocation.Adaptive) allocation).budget())
        .isEqualTo(new BitBudget.Bytes(2_621_440));
    Recipe fast =
        Recipe.parse(
            Map.of(
                "method", "rtn", "bits", "adaptive", "budget", "18 tok/s", "target", "cuda-h200"));
    assertThat(((BitAllocation.Adaptive) fast.allocation()).budget())
        .isEqualTo(new BitBudget.Speed(18));
    assertThat(Recipe.parse(fast.describe())).isEqualTo(fast);
    assertThat(fast.label()).isEqualTo("RTN W18.0tok/s adaptive for cuda-h200");
    assertThatThrownBy(
            () -> Recipe.parse(Map.of("method", "rtn", "bits", "adaptive", "budget", "18 tok/s")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("no target to predict it for");
    assertThatThrownBy(() -> Recipe.parse(Map.of("method", "rtn", "bits", 4, "target", "cpu-amx")))
        .hasMessageContaining("option target, which is for bits: adaptive only");
    assertThatThrownBy(() -> Recipe.parse(Map.of("method", "rtn", "bits", "adaptive")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("budget");
    assertThatThrownBy(() -> Recipe.parse(Map.of("method", "rtn", "bits", 4, "budget", 3)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("bits: adaptive only");
  }
}
