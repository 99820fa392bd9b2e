package org.bitatlas.quant.allocation;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.sensitivity.LayerChoice;

/**
 * What an allocation must keep to for one way of serving the checkpoint.
 *
 * @param name the way in words, for example {@code vLLM main, compressed-tensors}
 * @param offered which choices belong to this way at all
 * @param support which of these schemes a layer may have
 * @param fused layers of a block that run as one and share a scheme, in groups
 * @param time predicted time of decoding there; empty where it is not predicted
 */
public record ServingRules(
    String name,
    Predicate<LayerChoice> offered,
    SchemeSupport support,
    List<List<Projection>> fused,
    Optional<DecodingTime> time) {

  /** BitAtlas itself, which runs any layer in any scheme. */
  public static final ServingRules ANYTHING =
      new ServingRules("BitAtlas", _ -> true, SchemeSupport.ALL, List.of(), Optional.empty());

  /** Copies the lists. */
  public ServingRules {
    fused = fused.stream().map(List::copyOf).toList();
  }
}
