package org.bitatlas.model;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.kernel.LinearInput;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * A block's operators on packed weights: online transforms as {@link StoredOperators} has them,
 * then kernels that quantize activations to integers and multiply them by codes, or multiply
 * floats.
 */
final class PackedOperators implements BlockOperators, AutoCloseable {

  private final StoredOperators stored;
  private final PackedExecution execution;
  private final Map<InputGroup, List<PackedPart>> parts = new EnumMap<>(InputGroup.class);

  PackedOperators(
      WeightSource source, int layer, StoredOperators stored, PackedExecution execution) {
    this.stored = stored;
    this.execution = execution;
    PackedParts packing = new PackedParts(source, layer, execution);
    try {
      for (InputGroup group : InputGroup.values()) {
        parts.put(group, packing.of(group));
      }
    } catch (RuntimeException refused) {
      close();
      throw refused;
    }
  }

  @Override
  public Tensor linear(InputGroup group, Tensor input) {
    List<PackedPart> ofGroup = parts.getOrDefault(group, List.of());
    try (TensorScope scope = TensorScope.open()) {
      List<Tensor> outputs = new ArrayList<>(ofGroup.size());
      Optional<Prepared> prepared = Optional.empty();
      try {
        for (PackedPart part : ofGroup) {
          if (prepared.isEmpty() || !prepared.get().serves(part, stored)) {
            prepared.ifPresent(last -> execution.giveBack(last.buffers));
            prepared = Optional.of(prepare(part, input));
          }
          outputs.add(part.apply(prepared.get().buffers));
        }
      } finally {
        prepared.ifPresent(last -> execution.giveBack(last.buffers));
      }
      Tensor all = outputs.size() == 1 ? outputs.getFirst() : Tensor.cat(outputs, -1);
      long[] shape = input.shape();
      shape[shape.length - 1] = -1;
      return scope.keep(stored.withRoundedOutputs(group, all.view(shape)));
    }
  }

  /** What several parts may multiply: activations as they stand in front of a product. */
  private record Prepared(LinearActivations around, boolean rounded, LinearInput buffers) {

    boolean serves(PackedPart part, StoredOperators stored) {
      LinearActivations wanted = stored.around(part.first());
      return wanted.transform().equals(around.transform())
          && rounded == part.roundsFirst()
          && (!rounded || wanted.input().equals(around.input()));
    }
  }

  private Prepared prepare(PackedPart part, Tensor input) {
    Tensor values =
        part.roundsFirst()
            ? stored.prepared(part.first(), input)
            : stored.transformed(part.first(), input);
    Tensor dense = values.contiguous();
    return new Prepared(stored.around(part.first()), part.roundsFirst(), execution.take(dense));
  }

  /** What would run in place of the arithmetic that the scheme promises, in words. */
  Optional<String> belowPromise() {
    return parts.values().stream()
        .flatMap(List::stream)
        .flatMap(part -> part.belowPromise().stream())
        .findFirst();
  }

  @Override
  public Tensor heads(Tensor heads) {
    return stored.heads(heads);
  }

  @Override
  public void close() {
    parts.values().forEach(group -> group.forEach(PackedPart::close));
    parts.clear();
  }
}
