package org.bitatlas.quant.method;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitatlas.quant.method.Recipe.Gptq;
import org.bitatlas.tensor.BitAtlasException;

/** Reads a {@link Recipe} from options, in the spellings the methods' repositories use. */
final class RecipeReader {

  /** Every spelling, and the option it stands for. */
  private static final Map<String, String> SPELLINGS = spellings();

  private static final List<String> GPTQ_ONLY =
      List.of("percdamp", "blocksize", "act_order", "static_groups", "true_sequential");

  private final Map<String, Object> options;

  private RecipeReader(Map<String, Object> options) {
    this.options = options;
  }

  private static Map<String, String> spellings() {
    Map<String, String> spellings = new HashMap<>();
    put(spellings, "method", "method");
    put(spellings, "bits", "bits", "wbits", "w_bit", "w_bits");
    put(spellings, "group_size", "group_size", "groupsize", "q_group_size", "w_groupsize");
    put(spellings, "grid", "grid");
    put(spellings, "sym", "sym", "symmetric");
    put(spellings, "mse", "mse", "w_clip");
    put(spellings, "percdamp", "percdamp", "damp", "damping", "damp_percent", "dampening_frac");
    put(spellings, "blocksize", "blocksize", "block_size");
    put(spellings, "act_order", "act_order", "desc_act", "actorder");
    put(spellings, "static_groups", "static_groups");
    put(spellings, "true_sequential", "true_sequential");
    put(spellings, "profile", "profile");
    put(spellings, "quirks", "quirks");
    return Map.copyOf(spellings);
  }

  private static void put(Map<String, String> spellings, String option, String... names) {
    for (String name : names) {
      spellings.put(name, option);
    }
  }

  static Recipe read(Map<String, ?> given) {
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
    return new RecipeReader(options).recipe();
  }

  private Recipe recipe() {
    requireValue("profile", "reference");
    int bits = integer("bits").orElseThrow(() -> missing("bits, from 1 to 8"));
    int groupSize = Math.max(0, integer("group_size").orElse(0));
    boolean mse = flag("mse");
    String method = text("method").orElseThrow(() -> missing("method, rtn or gptq"));
    return switch (method.toLowerCase(Locale.ROOT)) {
      case "rtn" -> {
        for (String option : GPTQ_ONLY) {
          if (options.containsKey(option)) {
            throw new BitAtlasException(
                "A recipe of method rtn has the option "
                    + option
                    + ", which only gptq knows: remove it.");
          }
        }
        yield new Recipe(bits, groupSize, grid(), mse, new Recipe.Nearest());
      }
      case "gptq" -> {
        requireValue("quirks", "groups-from-stale-weights");
        Gptq gptq =
            new Gptq(
                number("percdamp").orElse(Gptq.DEFAULT.damping()),
                integer("blocksize").orElse(Gptq.DEFAULT.blockSize()),
                flag("act_order"),
                flag("static_groups"),
                flag("true_sequential"));
        yield new Recipe(bits, groupSize, grid(), mse, gptq);
      }
      default ->
          throw new BitAtlasException(
              "A recipe has the unknown method '" + method + "'; known are rtn and gptq.");
    };
  }

  private Grid grid() {
    Optional<String> id = text("grid");
    if (id.isEmpty()) {
      return flag("sym") ? Grid.GPTQ_SYMMETRIC : Grid.GPTQ_ASYMMETRIC;
    }
    Grid grid =
        Arrays.stream(Grid.values())
            .filter(candidate -> candidate.id().equals(id.get()))
            .findFirst()
            .orElseThrow(() ->
                new BitAtlasException(
                    "A recipe has the unknown grid '%s'; known are %s."
                        .formatted(
                            id.get(),
                            Arrays.stream(Grid.values())
                                .map(Grid::id)
                                .collect(Collectors.joining(", ")))));
    if (options.containsKey("sym") && flag("sym") != grid.symmetric()) {
      throw new BitAtlasException(
          "A recipe has grid " + grid.id() + " and sym " + flag("sym") + ": remove one of them.");
    }
    return grid;
  }

  private static BitAtlasException missing(String what) {
    return new BitAtlasException("A recipe lacks the option " + what + ".");
  }

  private void requireValue(String option, String only) {
    Optional<String> value = text(option);
    if (value.isPresent() && !value.get().equals(only)) {
      throw malformed(option, "'" + only + "'", value.get());
    }
  }

  private Optional<String> text(String option) {
    return Optional.ofNullable(options.get(option)).map(Object::toString);
  }

  private Optional<Integer> integer(String option) {
    Optional<String> value = text(option);
    try {
      return value.map(Integer::valueOf);
    } catch (NumberFormatException e) {
      throw malformed(option, "a whole number", value.get());
    }
  }

  private Optional<Double> number(String option) {
    Optional<String> value = text(option);
    try {
      return value.map(Double::valueOf);
    } catch (NumberFormatException e) {
      throw malformed(option, "a number", value.get());
    }
  }

  private boolean flag(String option) {
    String value = text(option).orElse("false");
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw malformed(option, "true or false", value);
    };
  }

  private static BitAtlasException malformed(String option, String expected, String found) {
    return new BitAtlasException(
        "A recipe's option %s must be %s, but is '%s'.".formatted(option, expected, found));
  }
}
