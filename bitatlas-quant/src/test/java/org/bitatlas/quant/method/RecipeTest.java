package org.bitatlas.quant.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bitatlas.quant.method.Recipe.Gptq;
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
          new Recipe(2, 64, Grid.QUAROT_SYMMETRIC, true, new Recipe.Nearest()),
          Recipe.gptq(4, 32, Grid.GPTQ_SYMMETRIC, options)
        }) {
      assertThat(Recipe.parse(recipe.describe())).isEqualTo(recipe);
    }
    assertThat(Recipe.gptq(4, 32).describe())
        .containsEntry("profile", "reference")
        .containsEntry("quirks", "groups-from-stale-weights");
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
    refused(Map.of("method", "rtn", "bits", 1, "grid", "quarot-sym"), "2 to 8 bits");
    refused(Map.of("method", "rtn", "bits", 4, "wbits", 4), "twice");
    refused(Map.of("method", "rtn", "bits", 4, "act_order", true), "only gptq knows");
    refused(Map.of("method", "rtn", "bits", 4, "sym", "perhaps"), "sym must be true or false");
    refused(Map.of("method", "rtn", "bits", 4, "grid", "awq-asym", "sym", true), "remove one");
    refused(Map.of("method", "rtn", "bits", 4, "grid", "awq-asym", "mse", true), "not searched");
    refused(Map.of("method", "rtn", "bits", 4, "grid", "hexagonal"), "known are gptq-asym");
    refused(Map.of("method", "gptq", "bits", 4, "percdamp", 2), "damping 2.0");
    refused(Map.of("method", "gptq", "bits", 4, "blocksize", 0), "blocksize 0");
    refused(Map.of("method", "gptq", "bits", 4, "profile", "vllm"), "profile must be 'reference'");
  }

  private static void refused(Map<String, ?> options, String message) {
    assertThatThrownBy(() -> Recipe.parse(options))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }
}
