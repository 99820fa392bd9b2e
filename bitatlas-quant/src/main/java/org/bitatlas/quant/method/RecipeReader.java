package org.bitatlas.quant.method;

import static org.bitatlas.quant.method.RecipeOptions.malformed;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Reads a {@link Recipe} from options, in the spellings the methods' repositories use. An option
 * that the method does not know is refused.
 */
final class RecipeReader {

  private static final String ADAPTIVE = "adaptive";
  private static final int NOMINAL_BITS = 4;
  private static final String METHODS =
      "rtn, gptq, gptaq, billm, slim-llm, awq, smoothquant, flatquant, w4a8-ascend,"
          + " w4a4-ascend, or a transform and a rounding such as awq+gptq";
  private static final List<String> COMMON =
      List.of(
          "method",
          "profile",
          "quirks",
          "position",
          "bits",
          "group_size",
          "grid",
          "sym",
          "mse",
          "second_scale",
          "a_bits",
          "a_sym",
          "a_granularity",
          "a_clip",
          "output_bits",
          "kv_bits",
          "k_bits",
          "v_bits",
          "embedding",
          "head",
          "exclude",
          "layer_bits",
          "budget",
          "bit_choices",
          "group_choices",
          "table_choices",
          "passes",
          "target");
  private static final List<String> SWEEP =
      List.of("percdamp", "blocksize", "act_order", "static_groups");

  private final RecipeOptions options;
  private final Set<String> known = new HashSet<>(COMMON);

  private RecipeReader(RecipeOptions options) {
    this.options = options;
  }

  static Recipe read(Map<String, ?> given) {
    return new RecipeReader(RecipeOptions.of(given)).recipe();
  }

  private Recipe recipe() {
    String method =
        options
            .text("method")
            .orElseThrow(() -> missing("method: " + METHODS))
            .toLowerCase(Locale.ROOT);
    Profile profile = choice("profile", Profile.values(), Profile::id, Profile.REFERENCE);
    String[] parts = method.split("\\+", 2);
    Transform transform = transform(parts[0], profile);
    boolean plain = transform instanceof Transform.None;
    if (plain && parts.length == 2) {
      throw new BitAtlasException(
          "A recipe has the method '%s', but only awq, smoothquant and flatquant go in front of another."
              .formatted(method));
    }
    Rounding rounding = rounding(plain ? parts[0] : parts.length == 2 ? parts[1] : "rtn", method);
    refuseForeign(method);
    RecipeDefaults defaults = RecipeDefaults.of(transform, rounding);
    boolean adaptive = options.text("bits").filter(ADAPTIVE::equals).isPresent();
    int bits = adaptive ? nominalBits() : bits(rounding);
    int groupSize =
        Math.max(
            0,
            options
                .integer("group_size")
                .orElse(rounding instanceof Rounding.Billm ? 0 : defaults.groupSize()));
    boolean searched = options.flag("mse", false);
    Grid grid = grid(defaults, profile);
    return new Recipe(
        profile,
        options.flag("quirks", false),
        new WeightScheme(bits, groupSize, grid, searched, options.flag("second_scale", false)),
        transform,
        rounding,
        activations(defaults.activations()),
        TableScheme.parse(options.text("embedding").orElse("float"), "embedding"),
        TableScheme.parse(options.text("head").orElse("float"), "head"),
        options.texts("exclude"),
        choice("position", Position.values(), Position::id, Position.QUANTIZED),
        adaptive ? adaptive(groupSize) : perLayer());
  }

  private int bits(Rounding rounding) {
    if (rounding instanceof Rounding.Billm) {
      return options.integer("bits", 1);
    }
    return options.integer("bits").orElseThrow(() -> missing("bits, from 1 to 8, or adaptive"));
  }

  /** Bits by which an adaptive recipe stands among the others. */
  private int nominalBits() {
    return switch (budget()) {
      case BitBudget.Bits bits -> (int) Math.round(bits.bits());
      case BitBudget.Bytes _, BitBudget.Speed _ -> NOMINAL_BITS;
    };
  }

  private BitBudget budget() {
    return BitBudget.parse(
        options
            .text("budget")
            .orElseThrow(
                () -> missing("budget for bits: adaptive, such as 3.0 bits per weight or 2.5MiB")));
  }

  private BitAllocation adaptive(int groupSize) {
    if (options.has("layer_bits")) {
      throw new BitAtlasException("A recipe gives layer_bits beside bits: adaptive: remove one.");
    }
    return new BitAllocation.Adaptive(
        budget(),
        options.integers("bit_choices").orElse(BitAllocation.Adaptive.ALL_BITS),
        options.integers("group_choices").orElse(List.of(groupSize)),
        options.texts("table_choices").stream()
            .map(text -> TableScheme.parse(text, "table_choices"))
            .toList(),
        options.integer("passes", BitAllocation.Adaptive.PASSES),
        options.text("target"));
  }

  private BitAllocation perLayer() {
    for (String option :
        List.of("budget", "bit_choices", "group_choices", "table_choices", "passes", "target")) {
      if (options.has(option)) {
        throw new BitAtlasException(
            "A recipe has the option " + option + ", which is for bits: adaptive only: remove it.");
      }
    }
    List<LayerScheme> schemes = LayerScheme.parse(options.texts("layer_bits"));
    return schemes.isEmpty() ? new BitAllocation.Uniform() : new BitAllocation.PerLayer(schemes);
  }

  private Transform transform(String name, Profile profile) {
    return switch (name) {
      case "smoothquant" -> {
        know("alpha");
        yield new Transform.SmoothQuant(
            options.number("alpha", Transform.SmoothQuant.DEFAULT.alpha()));
      }
      case "awq" -> {
        know(
            "n_grid",
            "search_samples",
            "auto_clip",
            "clip_grid",
            "max_shrink",
            "n_sample_token",
            "duo_scaling");
        Transform.Awq paper = Transform.Awq.DEFAULT;
        yield new Transform.Awq(
            options.integer("n_grid", paper.gridSteps()),
            options.integer("search_samples", paper.searchSamples()),
            options.flag("auto_clip", profile == Profile.REFERENCE),
            options.integer("clip_grid", paper.clipSteps()),
            options.number("max_shrink", paper.maxShrink()),
            options.integer("n_sample_token", paper.clipTokens()),
            options.flag("duo_scaling", profile == Profile.VLLM));
      }
      case "flatquant" -> {
        know("epochs", "flat_lr", "cali_bsz", "diag_alpha", "direct_inv", "flat_seed");
        know("lac", "o_trans", "trans_dtype");
        Transform.FlatQuant paper = Transform.FlatQuant.DEFAULT;
        yield new Transform.FlatQuant(
            options.integer("epochs", paper.epochs()),
            options.number("flat_lr", paper.learningRate()),
            options.integer("cali_bsz", paper.batch()),
            options.number("diag_alpha", paper.diagonalAlpha()),
            options.flag("direct_inv", paper.directInverse()),
            options.integer("flat_seed", (int) paper.seed()),
            form(paper.form()));
      }
      default -> new Transform.None();
    };
  }

  private FlatForm form(FlatForm paper) {
    return new FlatForm(
        choice("lac", FlatForm.Clip.values(), FlatForm.Clip::id, paper.clip()),
        choice("o_trans", FlatForm.Output.values(), FlatForm.Output::id, paper.output()),
        choice("trans_dtype", FlatForm.Type.values(), FlatForm.Type::id, paper.type()));
  }

  private Rounding rounding(String name, String method) {
    return switch (name) {
      case "rtn" -> new Rounding.Nearest();
      case "gptq" -> {
        know("true_sequential");
        yield sweep(options.flag("true_sequential", false));
      }
      case "gptaq" -> {
        know("gptaq_alpha");
        double otherwise = Rounding.Gptaq.DEFAULT.alpha();
        // Alone, the option has the reference's name; behind SmoothQuant that is SmoothQuant's.
        if (!known.contains("alpha")) {
          know("alpha");
          otherwise = options.number("alpha", otherwise);
        }
        yield new Rounding.Gptaq(sweep(true), options.number("gptaq_alpha", otherwise));
      }
      case "billm" -> {
        know("percdamp", "blocksize", "salient_metric");
        Rounding.Billm paper = Rounding.Billm.DEFAULT;
        yield new Rounding.Billm(
            options.number("percdamp", paper.damping()),
            options.integer("blocksize", paper.blockSize()),
            choice(
                "salient_metric",
                Rounding.SalientMetric.values(),
                Rounding.SalientMetric::id,
                paper.metric()));
      }
      case "slim-llm", "slimllm", "slim" -> {
        know("percdamp", "lambda_salience", "search_samples");
        Rounding.SlimLlm paper = Rounding.SlimLlm.DEFAULT;
        yield new Rounding.SlimLlm(
            options.number("percdamp", paper.damping()),
            options.number("lambda_salience", paper.salientWeight()),
            options.integer("search_samples", paper.searchSamples()));
      }
      default ->
          throw new BitAtlasException(
              "A recipe has the unknown method '" + method + "'; known are " + METHODS + ".");
    };
  }

  private Rounding.Gptq sweep(boolean trueSequential) {
    known.addAll(SWEEP);
    Rounding.Gptq paper = Rounding.Gptq.DEFAULT;
    return new Rounding.Gptq(
        options.number("percdamp", paper.damping()),
        options.integer("blocksize", paper.blockSize()),
        options.flag("act_order", false),
        options.flag("static_groups", false),
        trueSequential);
  }

  private void know(String... names) {
    known.addAll(List.of(names));
  }

  private void refuseForeign(String method) {
    for (String option : options.names()) {
      if (!known.contains(option)) {
        throw new BitAtlasException(
            "A recipe of method %s has the option %s, which that method does not know: remove it."
                .formatted(method, option));
      }
    }
  }

  private Grid grid(RecipeDefaults defaults, Profile profile) {
    if (!options.has("grid")) {
      boolean symmetric = options.flag("sym", defaults.symmetric(profile));
      return defaults.gridFor(profile, symmetric);
    }
    Grid grid = choice("grid", Grid.values(), Grid::id, Grid.GPTQ_ASYMMETRIC);
    if (options.has("sym") && options.flag("sym", false) != grid.symmetric()) {
      throw new BitAtlasException(
          "A recipe has grid %s and sym %s: remove one of them."
              .formatted(grid.id(), options.text("sym").orElse("")));
    }
    return grid;
  }

  private ActivationPolicy activations(ActivationPolicy defaults) {
    boolean both = options.has("kv_bits");
    if (both && (options.has("k_bits") || options.has("v_bits"))) {
      throw new BitAtlasException("A recipe gives kv_bits beside k_bits or v_bits: remove one.");
    }
    return new ActivationPolicy(
        options.integer("a_bits", defaults.bits()),
        options.flag("a_sym", defaults.symmetric()),
        choice(
            "a_granularity",
            ActivationPolicy.Granularity.values(),
            ActivationPolicy.Granularity::id,
            defaults.granularity()),
        options.number("a_clip", defaults.clip()),
        options.integer("output_bits", defaults.outputBits()),
        options.integer(both ? "kv_bits" : "k_bits", defaults.keyBits()),
        options.integer(both ? "kv_bits" : "v_bits", defaults.valueBits()));
  }

  private <T> T choice(String option, T[] values, Function<T, String> id, T otherwise) {
    String wanted = options.text(option).orElse(id.apply(otherwise));
    return Arrays.stream(values)
        .filter(value -> id.apply(value).equals(wanted.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() ->
            malformed(
                option,
                "one of " + Arrays.stream(values).map(id).collect(Collectors.joining(", ")),
                wanted));
  }

  private static BitAtlasException missing(String what) {
    return new BitAtlasException("A recipe lacks the option " + what + ".");
  }
}
