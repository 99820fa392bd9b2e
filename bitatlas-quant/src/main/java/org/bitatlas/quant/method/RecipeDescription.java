package org.bitatlas.quant.method;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** All options of a recipe as {@link RecipeReader} reads them back. */
final class RecipeDescription {

  private RecipeDescription() {}

  static SequencedMap<String, String> of(Recipe recipe) {
    SequencedMap<String, String> options = new LinkedHashMap<>();
    options.put("method", recipe.method().toLowerCase(Locale.ROOT));
    options.put("profile", recipe.profile().id());
    options.put("quirks", recipe.quirks() ? "on" : "off");
    options.put("position", recipe.position().id());
    WeightScheme weights = recipe.weights();
    boolean adaptive = recipe.allocation() instanceof BitAllocation.Adaptive;
    options.put("bits", adaptive ? "adaptive" : Integer.toString(weights.bits()));
    options.put("group_size", Integer.toString(weights.groupSize()));
    options.put("grid", weights.grid().id());
    options.put("mse", Boolean.toString(weights.meanSquaredErrorClip()));
    if (weights.secondScales()) {
      options.put("second_scale", "true");
    }
    transform(recipe.transform(), options);
    rounding(recipe.rounding(), options);
    activations(recipe.activations(), options);
    options.put("embedding", recipe.embedding().id());
    options.put("head", recipe.head().id());
    if (!recipe.excluded().isEmpty()) {
      options.put("exclude", String.join(",", recipe.excluded()));
    }
    allocation(recipe.allocation(), options);
    return options;
  }

  private static void allocation(BitAllocation allocation, SequencedMap<String, String> options) {
    switch (allocation) {
      case BitAllocation.Uniform _ -> {}
      case BitAllocation.PerLayer perLayer ->
          options.put("layer_bits", joined(perLayer.schemes(), LayerScheme::id));
      case BitAllocation.Adaptive adaptive -> {
        options.put("budget", adaptive.budget().id());
        options.put("bit_choices", joined(adaptive.bits(), Object::toString));
        options.put("group_choices", joined(adaptive.groupSizes(), Object::toString));
        if (!adaptive.tables().isEmpty()) {
          options.put("table_choices", joined(adaptive.tables(), TableScheme::id));
        }
        options.put("passes", Integer.toString(adaptive.passes()));
        adaptive.target().ifPresent(target -> options.put("target", target));
      }
    }
  }

  private static <T> String joined(List<T> values, Function<T, String> text) {
    return values.stream().map(text).collect(Collectors.joining(","));
  }

  private static void transform(Transform transform, SequencedMap<String, String> options) {
    switch (transform) {
      case Transform.None _ -> {}
      case Transform.SmoothQuant smooth -> options.put("alpha", Double.toString(smooth.alpha()));
      case Transform.Awq awq -> {
        options.put("n_grid", Integer.toString(awq.gridSteps()));
        options.put("search_samples", Integer.toString(awq.searchSamples()));
        options.put("auto_clip", Boolean.toString(awq.clip()));
        options.put("clip_grid", Integer.toString(awq.clipSteps()));
        options.put("max_shrink", Double.toString(awq.maxShrink()));
        options.put("n_sample_token", Integer.toString(awq.clipTokens()));
        options.put("duo_scaling", Boolean.toString(awq.duoScaling()));
      }
      case Transform.FlatQuant flat -> {
        options.put("epochs", Integer.toString(flat.epochs()));
        options.put("flat_lr", Double.toString(flat.learningRate()));
        options.put("cali_bsz", Integer.toString(flat.batch()));
        options.put("diag_alpha", Double.toString(flat.diagonalAlpha()));
        options.put("direct_inv", Boolean.toString(flat.directInverse()));
        options.put("flat_seed", Long.toString(flat.seed()));
        form(flat.form(), options);
      }
    }
  }

  /** What the reference learns is not told, so that the keys of records stay what they were. */
  private static void form(FlatForm form, SequencedMap<String, String> options) {
    if (form.clip() != FlatForm.REFERENCE.clip()) {
      options.put("lac", form.clip().id());
    }
    if (form.output() != FlatForm.REFERENCE.output()) {
      options.put("o_trans", form.output().id());
    }
    if (form.type() != FlatForm.REFERENCE.type()) {
      options.put("trans_dtype", form.type().id());
    }
  }

  private static void rounding(Rounding rounding, SequencedMap<String, String> options) {
    switch (rounding) {
      case Rounding.Nearest _ -> {}
      case Rounding.Gptq gptq -> {
        sweep(gptq, options);
        options.put("true_sequential", Boolean.toString(gptq.trueSequential()));
      }
      case Rounding.Gptaq gptaq -> {
        sweep(gptaq.sweep(), options);
        options.put("gptaq_alpha", Double.toString(gptaq.alpha()));
      }
      case Rounding.Billm billm -> {
        options.put("percdamp", Double.toString(billm.damping()));
        options.put("blocksize", Integer.toString(billm.blockSize()));
        options.put("salient_metric", billm.metric().id());
      }
      case Rounding.SlimLlm slim -> {
        options.put("percdamp", Double.toString(slim.damping()));
        options.put("lambda_salience", Double.toString(slim.salientWeight()));
        options.put("search_samples", Integer.toString(slim.searchSamples()));
      }
    }
  }

  private static void sweep(Rounding.Gptq gptq, SequencedMap<String, String> options) {
    options.put("percdamp", Double.toString(gptq.damping()));
    options.put("blocksize", Integer.toString(gptq.blockSize()));
    options.put("act_order", Boolean.toString(gptq.actOrder()));
    options.put("static_groups", Boolean.toString(gptq.staticGroups()));
  }

  private static void activations(ActivationPolicy policy, SequencedMap<String, String> options) {
    options.put("a_bits", Integer.toString(policy.bits()));
    options.put("a_sym", Boolean.toString(policy.symmetric()));
    options.put("a_granularity", policy.granularity().id());
    options.put("a_clip", Double.toString(policy.clip()));
    options.put("output_bits", Integer.toString(policy.outputBits()));
    options.put("k_bits", Integer.toString(policy.keyBits()));
    options.put("v_bits", Integer.toString(policy.valueBits()));
  }
}
