package org.bitatlas.format.compressed;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.format.ConfigFields;
import org.bitatlas.format.compressed.LayerScheme.ActivationArguments;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The section {@code quantization_config} as read: which layers have which scheme.
 *
 * @param groups in file order
 * @param ignored targets that stay float
 */
record StoredScheme(List<Group> groups, List<String> ignored) {

  /** A configuration group; {@code perTensor}: one scale for the whole weight. */
  record Group(List<String> targets, LayerScheme scheme, boolean perTensor) {}

  /**
   * Reads the section.
   *
   * @throws BitAtlasException when it is malformed or asks for what BitAtlas has no place for
   */
  static StoredScheme read(ConfigFields section) {
    for (String name : List.of("kv_cache_scheme", "transform_config")) {
      if (section.has(name)) {
        throw section.wrong(name, "null: BitAtlas reads no such checkpoint");
      }
    }
    if (section.object("sparsity_config").filter(StoredScheme::isSparse).isPresent()) {
      throw section.wrong("sparsity_config", "none: BitAtlas reads no sparse checkpoint");
    }
    Optional<String> format = section.text("format");
    List<Group> groups = new ArrayList<>();
    for (Map.Entry<String, ConfigFields> entry : section.objects("config_groups")) {
      groups.add(group(entry.getValue(), format));
    }
    return new StoredScheme(groups, section.texts("ignore"));
  }

  private static boolean isSparse(ConfigFields sparsity) {
    return !sparsity.text("format").orElse("dense").equals("dense");
  }

  private static Group group(ConfigFields fields, Optional<String> globalFormat) {
    ConfigFields weights =
        fields
            .object("weights")
            .orElseThrow(
                () -> fields.wrong("weights", "an object: activations alone are not read"));
    requireIntegers(weights);
    Optional<ActivationArguments> input =
        fields.object("input_activations").map(StoredScheme::activation);
    Optional<ActivationArguments> output =
        fields.object("output_activations").map(StoredScheme::activation);
    Optional<Integer> size = weights.integer("group_size", -1, Integer.MAX_VALUE);
    int groupSize = size.orElse(0);
    String strategy =
        weights
            .text("strategy")
            .orElse(size.isEmpty() ? "tensor" : groupSize > 0 ? "group" : "channel");
    switch (strategy) {
      case "group" -> {
        if (groupSize < 1) {
          throw weights.wrong("group_size", "a positive number of columns");
        }
      }
      case "channel", "tensor" -> groupSize = 0;
      default -> throw weights.wrong("strategy", "group, channel or tensor");
    }
    String format =
        fields
            .text("format")
            .or(() -> globalFormat)
            .orElse(input.isPresent() ? LayerScheme.PLAIN : LayerScheme.PACKED);
    boolean packed =
        switch (format) {
          case LayerScheme.PACKED -> true;
          case LayerScheme.PLAIN, "naive-quantized" -> false;
          default -> throw fields.wrong("format", LayerScheme.PACKED + " or " + LayerScheme.PLAIN);
        };
    return new Group(
        fields.texts("targets"),
        new LayerScheme(
            weights.require("num_bits", 1, 8),
            weights.flag("symmetric", true),
            groupSize,
            packed,
            input,
            output),
        strategy.equals("tensor"));
  }

  private static void requireIntegers(ConfigFields arguments) {
    if (!arguments.text("type").orElse("int").equals("int")) {
      throw arguments.wrong("type", "int: BitAtlas reads integer grids only");
    }
  }

  private static ActivationArguments activation(ConfigFields fields) {
    requireIntegers(fields);
    boolean dynamic = fields.flag("dynamic", false);
    String strategy = fields.text("strategy").orElse("tensor");
    if (!strategy.equals("tensor") && !(strategy.equals("token") && dynamic)) {
      throw fields.wrong("strategy", "token (dynamic) or tensor");
    }
    return new ActivationArguments(
        fields.require("num_bits", 2, 8),
        fields.flag("symmetric", true),
        strategy.equals("token"),
        dynamic);
  }

  /** The group of a module: the one that names it most closely, the first of several. */
  Optional<Group> of(String module) {
    if (TargetNames.match(module, ignored) != TargetNames.Match.NONE) {
      return Optional.empty();
    }
    Optional<Group> best = Optional.empty();
    TargetNames.Match closest = TargetNames.Match.NONE;
    for (Group group : groups) {
      TargetNames.Match match = TargetNames.match(module, group.targets());
      if (match.compareTo(closest) > 0) {
        best = Optional.of(group);
        closest = match;
      }
    }
    return best;
  }
}
