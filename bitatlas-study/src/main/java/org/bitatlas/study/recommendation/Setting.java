package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.format.support.Inputs.Rounding;
import org.bitatlas.format.support.LayerScheme;
import org.bitatlas.format.support.LayerScheme.Storage;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.map.MapRow;

/** A row's recipe as serving stacks see it, from the options that its records hold. */
final class Setting {
  private static final String FLOAT = "float";

  private final MapRow row;
  private final SequencedMap<String, String> options;

  Setting(MapRow row) {
    this.row = row;
    this.options = row.options();
  }

  MapRow row() {
    return row;
  }

  boolean isFloat() {
    return row.isFloat();
  }

  /** Bits of a weight; 16 for the float model. */
  int bits() {
    return isFloat() ? StudyRecipe.FLOAT_BITS : integer("bits", row.bits());
  }

  int groupSize() {
    return integer("group_size", 0);
  }

  /** Format of the checkpoint that the row was read from; empty for a recipe's row. */
  Optional<String> storedFormat() {
    return row.isCheckpoint() ? Optional.ofNullable(options.get("format")) : Optional.empty();
  }

  boolean symmetric() {
    if (row.isCheckpoint()) {
      return Boolean.parseBoolean(options.getOrDefault("symmetric", "false"));
    }
    String grid = options.getOrDefault("grid", "");
    for (Grid known : Grid.values()) {
      if (known.id().equals(grid)) {
        return known.symmetric();
      }
    }
    return false;
  }

  Storage storage() {
    String method = options.getOrDefault("method", "");
    if (method.contains("billm")) {
      return Storage.BINARY;
    }
    return method.contains("slim-llm") ? Storage.MIXED_GROUPS : Storage.GRID;
  }

  Inputs inputs() {
    int bits = integer("a_bits", Inputs.FLOAT_BITS);
    if (bits == Inputs.FLOAT_BITS) {
      return Inputs.FLOAT;
    }
    String granularity = options.getOrDefault("a_granularity", Rounding.DYNAMIC_TOKEN.id());
    Rounding rounding = Rounding.DYNAMIC_TOKEN;
    for (Rounding known : Rounding.values()) {
      rounding = known.id().equals(granularity) ? known : rounding;
    }
    return new Inputs(rounding, bits, Boolean.parseBoolean(options.getOrDefault("a_sym", "true")));
  }

  boolean transforms() {
    return options.getOrDefault("method", "").contains("flatquant");
  }

  /** What no serving stack computes, as phrases; empty where there is none of it. */
  List<String> simulatedOnly() {
    List<String> phrases = new ArrayList<>();
    if (row.isCheckpoint() && !Boolean.parseBoolean(options.get("uniform"))) {
      phrases.add("its layers are not all on one grid: bitatlas check says what loads its folder");
    }
    switch (storage()) {
      case BINARY -> phrases.add("BiLLM has no format that a serving stack loads");
      case MIXED_GROUPS -> phrases.add("SliM-LLM has no format that a serving stack loads");
      case GRID -> {}
    }
    if (integer("output_bits", StudyRecipe.FLOAT_BITS) != StudyRecipe.FLOAT_BITS) {
      phrases.add("no serving stack rounds the outputs of q, k and v");
    }
    boolean cache =
        integer("k_bits", StudyRecipe.FLOAT_BITS) != StudyRecipe.FLOAT_BITS
            || integer("v_bits", StudyRecipe.FLOAT_BITS) != StudyRecipe.FLOAT_BITS;
    if (cache) {
      phrases.add("no serving stack rounds keys and values by token and head");
    }
    return phrases;
  }

  /** Whether embedding or head are stored in codes. */
  boolean quantizesTables() {
    return !isFloat()
        && !(options.getOrDefault("embedding", FLOAT).equals(FLOAT)
            && options.getOrDefault("head", FLOAT).equals(FLOAT));
  }

  /** Whether a linear layer stays float in every block. */
  private boolean staysFloat(Projection projection) {
    String excluded = options.getOrDefault("exclude", "");
    return !excluded.isEmpty()
        && List.of(excluded.split(",")).stream()
            .anyMatch(part -> projection.path().contains(part.strip()));
  }

  /** The distinct kinds of quantized layers of a model; none of the float model. */
  Set<LayerScheme> layers(Architecture architecture) {
    Set<LayerScheme> layers = new LinkedHashSet<>();
    if (isFloat()) {
      return layers;
    }
    for (Projection projection : Projection.values()) {
      if (!staysFloat(projection)) {
        layers.add(
            new LayerScheme(
                storage(),
                bits(),
                groupSize(),
                symmetric(),
                inputs(),
                transforms(),
                architecture.hasBias(projection),
                false));
      }
    }
    return layers;
  }

  /** Bits by projection, 16 for layers that stay float. */
  Map<Projection, Integer> bitsByLayer() {
    Map<Projection, Integer> bits = new EnumMap<>(Projection.class);
    for (Projection projection : Projection.values()) {
      bits.put(projection, isFloat() || staysFloat(projection) ? StudyRecipe.FLOAT_BITS : bits());
    }
    return bits;
  }

  private int integer(String name, int fallback) {
    try {
      return Integer.parseInt(options.getOrDefault(name, Integer.toString(fallback)));
    } catch (NumberFormatException _) {
      return fallback;
    }
  }
}
