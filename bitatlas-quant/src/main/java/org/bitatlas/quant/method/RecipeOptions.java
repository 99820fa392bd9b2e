package org.bitatlas.quant.method;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.bitatlas.tensor.BitAtlasException;

/** A recipe's options by their canonical names, with typed access. */
final class RecipeOptions {

  /** Every spelling, and the option it stands for. */
  private static final Map<String, String> SPELLINGS = spellings();

  private final Map<String, Object> options;

  private RecipeOptions(Map<String, Object> options) {
    this.options = options;
  }

  private static Map<String, String> spellings() {
    Map<String, String> spellings = new HashMap<>();
    put(spellings, "method");
    put(spellings, "profile");
    put(spellings, "quirks");
    put(spellings, "position");
    put(spellings, "bits", "wbits", "w_bit", "w_bits");
    put(spellings, "group_size", "groupsize", "q_group_size", "w_groupsize");
    put(spellings, "grid");
    put(spellings, "sym", "symmetric");
    put(spellings, "mse", "w_clip");
    put(spellings, "second_scale", "second_scales");
    put(spellings, "percdamp", "damp", "damping", "damp_percent", "dampening_frac");
    put(spellings, "blocksize", "block_size");
    put(spellings, "act_order", "desc_act", "actorder");
    put(spellings, "static_groups");
    put(spellings, "true_sequential");
    put(spellings, "alpha");
    put(spellings, "gptaq_alpha");
    put(spellings, "n_grid");
    put(spellings, "auto_clip", "clip");
    put(spellings, "clip_grid");
    put(spellings, "max_shrink");
    put(spellings, "n_sample_token");
    put(spellings, "duo_scaling");
    put(spellings, "epochs");
    put(spellings, "flat_lr");
    put(spellings, "cali_bsz");
    put(spellings, "diag_alpha");
    put(spellings, "direct_inv");
    put(spellings, "flat_seed");
    put(spellings, "lac");
    put(spellings, "o_trans");
    put(spellings, "trans_dtype");
    put(spellings, "salient_metric");
    put(spellings, "lambda_salience");
    put(spellings, "search_samples");
    put(spellings, "a_bits", "abits", "activation_bits");
    put(spellings, "a_sym");
    put(spellings, "a_granularity", "act_quant");
    put(spellings, "a_clip", "a_clip_ratio");
    put(spellings, "output_bits");
    put(spellings, "kv_bits");
    put(spellings, "k_bits");
    put(spellings, "v_bits");
    put(spellings, "embedding");
    put(spellings, "head", "lm_head");
    put(spellings, "exclude", "ignore");
    put(spellings, "layer_bits");
    put(spellings, "budget");
    put(spellings, "bit_choices");
    put(spellings, "group_choices");
    put(spellings, "table_choices");
    put(spellings, "passes");
    put(spellings, "target");
    return Map.copyOf(spellings);
  }

  private static void put(Map<String, String> spellings, String option, String... others) {
    spellings.put(option, option);
    for (String name : others) {
      spellings.put(name, option);
    }
  }

  static RecipeOptions of(Map<String, ?> given) {
    Map<String, Object> options = new LinkedHashMap<>();
    for (Map.Entry<String, ?> entry : given.entrySet()) {
      String name = entry.getKey().toLowerCase(Locale.ROOT).replace('-', '_');
      String option = SPELLINGS.get(name);
      if (option == null) {
        throw new BitAtlasException(
            "A recipe has the unknown option '%s'; known are %s."
                .formatted(entry.getKey(), new TreeSet<>(SPELLINGS.values())));
      }
      if (options.put(option, entry.getValue()) != null) {
        throw new BitAtlasException(
            "A recipe gives the option " + option + " twice, the second time as '" + name + "'.");
      }
    }
    return new RecipeOptions(named(options));
  }

  /** Options in place of the name of a recipe; those given beside it hold. */
  private static Map<String, Object> named(Map<String, Object> given) {
    String method = String.valueOf(given.get("method")).toLowerCase(Locale.ROOT);
    return NamedRecipes.of(method)
        .map(options -> {
          Map<String, Object> expanded = new LinkedHashMap<>(given);
          expanded.remove("method");
          options.forEach(expanded::putIfAbsent);
          return expanded;
        })
        .orElse(given);
  }

  Set<String> names() {
    return options.keySet();
  }

  boolean has(String option) {
    return options.containsKey(option);
  }

  /** A list given as such, or as text with commas. */
  List<String> texts(String option) {
    Object value = options.get(option);
    if (value instanceof Collection<?> many) {
      return many.stream().map(Object::toString).toList();
    }
    return text(option).map(joined -> List.of(joined.trim().split("\\s*,\\s*"))).orElse(List.of());
  }

  /** Whole numbers, given as {@link #texts}. */
  Optional<List<Integer>> integers(String option) {
    if (!has(option)) {
      return Optional.empty();
    }
    List<String> values = texts(option);
    try {
      return Optional.of(values.stream().map(Integer::valueOf).toList());
    } catch (NumberFormatException e) {
      throw malformed(option, "whole numbers with commas", String.join(",", values));
    }
  }

  Optional<String> text(String option) {
    return Optional.ofNullable(options.get(option)).map(Object::toString);
  }

  Optional<Integer> integer(String option) {
    Optional<String> value = text(option);
    try {
      return value.map(Integer::valueOf);
    } catch (NumberFormatException e) {
      throw malformed(option, "a whole number", value.orElse(""));
    }
  }

  int integer(String option, int otherwise) {
    return integer(option).orElse(otherwise);
  }

  double number(String option, double otherwise) {
    Optional<String> value = text(option);
    try {
      return value.map(Double::valueOf).orElse(otherwise);
    } catch (NumberFormatException e) {
      throw malformed(option, "a number", value.orElse(""));
    }
  }

  boolean flag(String option, boolean otherwise) {
    String value = text(option).orElse(Boolean.toString(otherwise));
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true", "on" -> true;
      case "false", "off" -> false;
      default -> throw malformed(option, "true or false", value);
    };
  }

  static BitAtlasException malformed(String option, String expected, String found) {
    return new BitAtlasException(
        "A recipe's option %s must be %s, but is '%s'.".formatted(option, expected, found));
  }
}
