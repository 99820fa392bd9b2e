package org.bitatlas.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;

/**
 * Linear layers that vLLM, and vLLM-Ascend with it, runs as one: their rows are stacked, so they
 * have one scheme, and one of whatever belongs to their common input.
 *
 * @param name what the loader calls the whole, for example {@code qkv_proj}
 * @param parts the layers, in the order of their rows
 */
public record FusedModules(String name, List<Projection> parts) {

  /** Queries, keys and values. */
  public static final FusedModules ATTENTION =
      new FusedModules("qkv_proj", List.of(Projection.QUERY, Projection.KEY, Projection.VALUE));

  /** Gate and up. */
  public static final FusedModules FEED_FORWARD =
      new FusedModules("gate_up_proj", List.of(Projection.GATE, Projection.UP));

  /** Both of a block. */
  public static final List<FusedModules> ALL = List.of(ATTENTION, FEED_FORWARD);

  /** All linear layers of a block, those that run alone included, as the loader sees them. */
  public static List<FusedModules> ofABlock() {
    List<FusedModules> modules = new ArrayList<>(ALL);
    for (Projection projection : List.of(Projection.OUTPUT, Projection.DOWN)) {
      String path = projection.path();
      modules.add(new FusedModules(path.substring(path.indexOf('.') + 1), List.of(projection)));
    }
    return modules;
  }

  /** Full name of the whole that a layer is a part of; empty where it runs alone. */
  public static Optional<String> whole(String module) {
    return Projection.ofModule(module)
        .flatMap(part -> ALL.stream().filter(fused -> fused.parts.contains(part)).findFirst())
        .map(fused -> module.substring(0, module.lastIndexOf('.') + 1) + fused.name);
  }

  /** Names under which loaders ask for a part: its own, and the whole's where it has others. */
  public List<String> names(int layer) {
    List<String> names = new ArrayList<>(modules(layer));
    if (parts.size() > 1) {
      names.add(module(layer));
    }
    return names;
  }

  /** Full name of the whole in a block, for example {@code model.layers.0.self_attn.qkv_proj}. */
  public String module(int layer) {
    String first = parts.getFirst().module(layer);
    return first.substring(0, first.lastIndexOf('.') + 1) + name;
  }

  /** Full names of the layers in a block. */
  public List<String> modules(int layer) {
    return parts.stream().map(part -> part.module(layer)).toList();
  }
}
