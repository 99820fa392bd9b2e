package org.bitatlas.format.check;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * Looks tensors up as a loader does: under a name, with a type and a shape. What was looked up is
 * remembered, so that what nothing asks for can be told at the end.
 */
final class TensorInspection {

  /** Types that a loader converts to the model's. */
  static final Set<ElementType> FLOATS = Set.of(ElementType.F32, ElementType.F16, ElementType.BF16);

  private static final String FREQUENCIES = ".rotary_emb.inv_freq";
  private static final String AGAIN = "export the checkpoint again";

  private final FolderContents contents;
  private final Findings findings;
  private final Set<String> claimed = new HashSet<>();

  TensorInspection(FolderContents contents, Findings findings) {
    this.contents = contents;
    this.findings = findings;
  }

  Findings findings() {
    return findings;
  }

  /** Whether the folder has a tensor whose name is like that. */
  boolean holds(Predicate<String> name) {
    return contents.tensors().keySet().stream().anyMatch(name);
  }

  /** A tensor that must be there; empty, with a finding, when it is not as expected. */
  Optional<StoredTensor> require(String name, Set<ElementType> types, long... shape) {
    claimed.add(name);
    if (!contents.tensors().containsKey(name)) {
      findings.fault("missing-tensor", name, "the loader looks for it and does not find it", AGAIN);
      return Optional.empty();
    }
    return find(name, types, shape);
  }

  /** A tensor that may be there; a finding when it is, and is not as expected. */
  Optional<StoredTensor> find(String name, Set<ElementType> types, long... shape) {
    claimed.add(name);
    StoredTensor tensor = contents.tensors().get(name);
    if (tensor == null) {
      return Optional.empty();
    }
    List<Long> expected = Arrays.stream(shape).boxed().toList();
    boolean fits = true;
    if (!tensor.shape().equals(expected)) {
      findings.fault(
          "wrong-shape",
          name,
          "its shape is %s, the loader creates %s".formatted(tensor.shape(), expected),
          AGAIN + "; check group size and config.json against the weights");
      fits = false;
    }
    if (!types.contains(tensor.type())) {
      findings.fault(
          "wrong-type",
          name,
          "its type is %s, the loader expects %s"
              .formatted(
                  tensor.type(),
                  String.join(" or ", types.stream().map(Enum::name).sorted().toList())),
          AGAIN);
      fits = false;
    }
    return fits ? Optional.of(tensor) : Optional.empty();
  }

  /** A tensor as it is; does not count as looking it up. */
  Optional<StoredTensor> stored(String name) {
    return Optional.ofNullable(contents.tensors().get(name));
  }

  /** Whether the folder has a tensor; does not count as looking it up. */
  boolean has(String name) {
    return contents.tensors().containsKey(name);
  }

  /** Says that a loader looks at a tensor, whatever it is. */
  void claim(String name) {
    claimed.add(name);
  }

  /** The values of scales: finite, above 0. Empty, with a finding, when they are not. */
  Optional<float[]> scales(Optional<StoredTensor> tensor) {
    Optional<float[]> values = values(tensor);
    if (values.isPresent()) {
      for (float value : values.get()) {
        if (!(value > 0)) {
          findings.wrong(
              "bad-scale",
              tensor.map(StoredTensor::name).orElse(""),
              "it holds the scale %s, and scales are above 0".formatted(value),
              "quantize and export again; the file is damaged or the layer degenerate");
          return Optional.empty();
        }
      }
    }
    return values;
  }

  /** The values of a float tensor; empty, with a finding, when one is not finite. */
  Optional<float[]> values(Optional<StoredTensor> tensor) {
    if (tensor.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(StoredFloats.values(tensor.get(), tensor.get().shape()));
    } catch (BitAtlasException damaged) {
      findings.wrong(
          "bad-scale",
          tensor.get().name(),
          FolderContents.sentence(damaged),
          "quantize and export again; the file is damaged");
      return Optional.empty();
    }
  }

  /** Tensors that no lookup asked for: vLLM stops at the first name that it has no place for. */
  void unexpected() {
    for (String name : contents.tensors().sequencedKeySet()) {
      if (!claimed.contains(name) && !name.endsWith(FREQUENCIES)) {
        findings.fault(
            "unexpected-tensor",
            name,
            "the loader has no parameter of this name",
            "remove it, or give config.json the architecture and the scheme that have it");
      }
    }
  }
}
