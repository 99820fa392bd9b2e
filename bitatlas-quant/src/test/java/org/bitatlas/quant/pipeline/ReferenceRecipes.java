package org.bitatlas.quant.pipeline;

import java.util.Arrays;
import java.util.Locale;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.ActivationPolicy.Granularity;
import org.bitatlas.quant.method.FlatForm;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.method.WeightScheme;
import tools.jackson.databind.JsonNode;

/** What the reference drivers were asked for, as recipes. */
final class ReferenceRecipes {

  private ReferenceRecipes() {}

  static Recipe of(JsonNode description) {
    JsonNode options = description.path("options");
    String method = description.path("method").asString("").toLowerCase(Locale.ROOT);
    Recipe recipe =
        switch (method) {
          case "rtn", "gptq" -> gptq(options);
          case "gptaq" -> gptaq(options);
          case "smoothquant" -> smoothQuant(options);
          case "awq" -> awq(options);
          case "billm" -> billm(options);
          case "slim-llm" -> slimLlm(options);
          case "flatquant" -> flatQuant(options);
          default -> throw new IllegalArgumentException("unknown method " + method);
        };
    return recipe.withQuirks(true);
  }

  private static int group(JsonNode options, String name) {
    return Math.max(0, options.path(name).intValue());
  }

  private static Rounding.Gptq sweep(JsonNode options, boolean trueSequential) {
    return new Rounding.Gptq(
        options.path("percdamp").doubleValue(),
        Rounding.Gptq.DEFAULT.blockSize(),
        options.path("act_order").booleanValue(),
        options.path("static_groups").booleanValue(),
        trueSequential);
  }

  private static Recipe gptq(JsonNode options) {
    boolean nearest = options.path("nearest").booleanValue();
    boolean symmetric = options.path("sym").booleanValue();
    return Recipe.of(
        WeightScheme.of(
            options.path("wbits").intValue(),
            group(options, "groupsize"),
            symmetric ? Grid.GPTQ_SYMMETRIC : Grid.GPTQ_ASYMMETRIC),
        nearest
            ? new Rounding.Nearest()
            : sweep(options, options.path("true_sequential").booleanValue()));
  }

  private static Recipe gptaq(JsonNode options) {
    boolean asymmetric = options.path("w_asym").booleanValue();
    Recipe recipe =
        Recipe.of(
            new WeightScheme(
                options.path("w_bits").intValue(),
                group(options, "w_groupsize"),
                asymmetric ? Grid.QUAROT_ASYMMETRIC : Grid.QUAROT_SYMMETRIC,
                options.path("w_clip").booleanValue()),
            new Rounding.Gptaq(sweep(options, true), options.path("alpha").doubleValue(0.25)));
    return recipe.withActivations(
        new ActivationPolicy(
            options.path("a_bits").intValue(16),
            !options.path("a_asym").booleanValue(false),
            Granularity.DYNAMIC_TOKEN,
            options.path("a_clip").doubleValue(1),
            16,
            16,
            16));
  }

  private static Recipe smoothQuant(JsonNode options) {
    JsonNode alpha = options.path("alpha");
    Transform transform =
        alpha.isNumber() ? new Transform.SmoothQuant(alpha.doubleValue()) : new Transform.None();
    boolean outputs = options.path("quantize_bmm_input").booleanValue();
    return Recipe.of(
            WeightScheme.of(8, 0, Grid.QUAROT_SYMMETRIC), transform, new Rounding.Nearest())
        .withActivations(
            new ActivationPolicy(8, true, Granularity.DYNAMIC_TOKEN, 1, outputs ? 8 : 16, 16, 16));
  }

  private static Recipe awq(JsonNode options) {
    Transform.Awq paper = Transform.Awq.DEFAULT;
    return Recipe.of(
        WeightScheme.of(
            options.path("w_bit").intValue(), group(options, "q_group_size"), Grid.AWQ_ASYMMETRIC),
        new Transform.Awq(
            paper.gridSteps(),
            paper.searchSamples(),
            options.path("auto_clip").booleanValue(),
            paper.clipSteps(),
            paper.maxShrink(),
            paper.clipTokens(),
            false),
        new Rounding.Nearest());
  }

  private static Recipe billm(JsonNode options) {
    String metric = options.path("salient_metric").asString("");
    return Recipe.of(
        WeightScheme.of(1, 0, Grid.GPTQ_ASYMMETRIC),
        new Rounding.Billm(
            options.path("percdamp").doubleValue(),
            options.path("blocksize").intValue(),
            Arrays.stream(Rounding.SalientMetric.values())
                .filter(candidate -> candidate.id().equals(metric))
                .findFirst()
                .orElseThrow()));
  }

  private static Recipe slimLlm(JsonNode options) {
    String bits = options.path("low_quant_method").asString("").replace("bit", "");
    return Recipe.of(
        WeightScheme.of(Integer.parseInt(bits), group(options, "groupsize"), Grid.GPTQ_ASYMMETRIC),
        new Rounding.SlimLlm(
            options.path("percdamp").doubleValue(),
            options.path("lambda_salience").doubleValue(),
            0));
  }

  private static Recipe flatQuant(JsonNode options) {
    return Recipe.of(
            WeightScheme.of(options.path("w_bits").intValue(), 0, Grid.QUAROT_SYMMETRIC),
            new Transform.FlatQuant(
                options.path("epochs").intValue(),
                options.path("flat_lr").doubleValue(),
                options.path("cali_bsz").intValue(),
                options.path("diag_alpha").doubleValue(),
                options.path("direct_inv").booleanValue(),
                0,
                FlatForm.REFERENCE),
            new Rounding.Nearest())
        .withActivations(
            new ActivationPolicy(
                options.path("a_bits").intValue(),
                true,
                Granularity.DYNAMIC_TOKEN,
                1,
                16,
                options.path("k_bits").intValue(),
                options.path("v_bits").intValue()));
  }
}
