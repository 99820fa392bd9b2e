package org.bitatlas.model;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** A block's own operators: its weights, and its activation scheme simulated in float. */
final class StoredOperators implements BlockOperators, AutoCloseable {

  private final Architecture architecture;
  private final Map<InputGroup, FusedLinear> linears;
  private final Map<Projection, LinearActivations> activations = new EnumMap<>(Projection.class);
  private final Map<Projection, OnlineTransform> transforms = new EnumMap<>(Projection.class);
  private AttentionActivations attention = AttentionActivations.NONE;
  private Optional<Tensor> keyTransform = Optional.empty();
  private Optional<Tensor> queryTransform = Optional.empty();

  StoredOperators(Architecture architecture, Map<InputGroup, FusedLinear> linears) {
    this.architecture = architecture;
    this.linears = linears;
  }

  void set(Projection projection, LinearActivations replacement) {
    int width = architecture.inputFeatures(projection);
    replacement
        .transform()
        .filter(transform -> transform.size() != width)
        .ifPresent(transform -> {
          throw new BitAtlasException(
              "A transform for inputs of %d values stands in front of %s, whose inputs have %d."
                  .formatted(transform.size(), projection.path(), width));
        });
    activations.put(projection, replacement);
    OnlineTransform old = transforms.remove(projection);
    if (old != null) {
      old.close();
    }
    replacement
        .transform()
        .ifPresent(transform ->
            transforms.put(projection, new OnlineTransform(transform, elementTypeOf(projection))));
  }

  private ElementType elementTypeOf(Projection projection) {
    return linear(InputGroup.of(projection)).elementType();
  }

  void set(AttentionActivations replacement) {
    int size = replacement.headDimension();
    if (size != 0 && size != architecture.headDimension()) {
      throw new BitAtlasException(
          "A transform of heads of %d values is given, but the model's heads have %d."
              .formatted(size, architecture.headDimension()));
    }
    close(keyTransform);
    close(queryTransform);
    attention = replacement;
    keyTransform = matrix(replacement.headTransform());
    queryTransform = matrix(replacement.queryTransform());
  }

  private Optional<Tensor> matrix(Optional<float[]> values) {
    if (values.isEmpty()) {
      return Optional.empty();
    }
    int size = architecture.headDimension();
    try (TensorScope _ = TensorScope.open()) {
      return Optional.of(
          Tensor.from(values.get(), size, size).to(elementTypeOf(Projection.KEY)).unscoped());
    }
  }

  @Override
  public Tensor linear(InputGroup group, Tensor input) {
    FusedLinear linear = linear(group);
    if (group.projections().stream().allMatch(p -> around(p).equals(LinearActivations.NONE))) {
      return linear.apply(input);
    }
    try (TensorScope scope = TensorScope.open()) {
      LinearActivations first = around(group.observed());
      boolean oneInput = group.projections().stream().allMatch(p -> sameInput(first, around(p)));
      if (oneInput) {
        Tensor outputs = linear.apply(prepared(group.observed(), input));
        return scope.keep(roundedOutputs(group, outputs));
      }
      List<Tensor> outputs = new ArrayList<>();
      for (Projection projection : group.projections()) {
        Tensor prepared = prepared(projection, input);
        outputs.add(prepared.linear(linear.rowsOf(projection), linear.biasOf(projection)));
      }
      return scope.keep(roundedOutputs(group, Tensor.cat(outputs, -1)));
    }
  }

  private static boolean sameInput(LinearActivations one, LinearActivations other) {
    return one.transform().equals(other.transform()) && one.input().equals(other.input());
  }

  /** The input of a projection, transformed and rounded. */
  Tensor prepared(Projection projection, Tensor input) {
    Tensor transformed = transformed(projection, input);
    return around(projection)
        .input()
        .map(quantizer ->
            ActivationRounding.apply(transformed, quantizer, architecture.headDimension()))
        .orElse(transformed);
  }

  /** The input of a projection, transformed. */
  Tensor transformed(Projection projection, Tensor input) {
    OnlineTransform transform = transforms.get(projection);
    return transform == null ? input : transform.apply(input);
  }

  private Tensor roundedOutputs(InputGroup group, Tensor outputs) {
    if (group.projections().stream().allMatch(p -> around(p).output().isEmpty())) {
      return outputs;
    }
    List<Tensor> rounded = new ArrayList<>();
    long start = 0;
    for (Projection projection : group.projections()) {
      int width = architecture.outputFeatures(projection);
      Tensor output = outputs.narrow(-1, start, width);
      rounded.add(
          around(projection)
              .output()
              .map(quantizer ->
                  ActivationRounding.apply(output, quantizer, architecture.headDimension()))
              .orElse(output));
      start += width;
    }
    return Tensor.cat(rounded, -1);
  }

  @Override
  public Tensor heads(Tensor heads) {
    if (attention.equals(AttentionActivations.NONE)) {
      return heads;
    }
    int queries = architecture.heads();
    int keys = architecture.keyValueHeads();
    int dimension = architecture.headDimension();
    try (TensorScope scope = TensorScope.open()) {
      Tensor query = heads.narrow(2, 0, queries);
      Tensor key = heads.narrow(2, queries, keys);
      Tensor value = heads.narrow(2, queries + (long) keys, keys);
      if (queryTransform.isPresent()) {
        query = query.matmul(queryTransform.get());
        key = key.matmul(keyTransform.orElseThrow());
      }
      return scope.keep(
          Tensor.cat(
              List.of(
                  query,
                  roundedHeads(key, attention.key(), dimension),
                  roundedHeads(value, attention.value(), dimension)),
              2));
    }
  }

  /** TOKEN rounds all heads of a token with one scale: a head row is [G x d] then. */
  private static Tensor roundedHeads(
      Tensor heads, Optional<ActivationQuantizer> quantizer, int dimension) {
    if (quantizer.isEmpty()) {
      return heads;
    }
    long[] shape = heads.shape();
    Tensor tokens = heads.reshape(shape[0], shape[1], shape[2] * shape[3]);
    return ActivationRounding.apply(tokens, quantizer.get(), dimension).view(shape);
  }

  private LinearActivations around(Projection projection) {
    return activations.getOrDefault(projection, LinearActivations.NONE);
  }

  private FusedLinear linear(InputGroup group) {
    FusedLinear linear = linears.get(group);
    if (linear == null) {
      throw new IllegalStateException("a block has a linear for every group");
    }
    return linear;
  }

  @Override
  public void close() {
    transforms.values().forEach(OnlineTransform::close);
    transforms.clear();
    close(keyTransform);
    close(queryTransform);
    keyTransform = Optional.empty();
    queryTransform = Optional.empty();
  }

  private static void close(Optional<Tensor> tensor) {
    tensor.ifPresent(Tensor::close);
  }

  /** The factors of a {@link KroneckerTransform} as tensors. */
  private static final class OnlineTransform implements AutoCloseable {
    private final KroneckerTransform transform;
    private final Optional<Tensor> leftTransposed;
    private final Optional<Tensor> right;

    OnlineTransform(KroneckerTransform transform, ElementType type) {
      this.transform = transform;
      int leftSize = transform.leftSize();
      int rightSize = transform.rightSize();
      try (TensorScope _ = TensorScope.open()) {
        leftTransposed =
            transform
                .left()
                .map(values ->
                    Tensor.from(values, leftSize, leftSize)
                        .transpose(0, 1)
                        .contiguous()
                        .to(type)
                        .unscoped());
        right =
            transform
                .right()
                .map(values -> Tensor.from(values, rightSize, rightSize).to(type).unscoped());
      }
    }

    /** P_L^T X P_R for every row of {@code input} [.. x L R]. */
    Tensor apply(Tensor input) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor matrices = input.reshape(-1, transform.leftSize(), transform.rightSize());
        Tensor mixed =
            leftTransposed.isPresent() ? leftTransposed.get().matmul(matrices) : matrices;
        Tensor both = right.isPresent() ? mixed.matmul(right.get()) : mixed;
        return scope.keep(both.reshape(input.shape()));
      }
    }

    @Override
    public void close() {
      leftTransposed.ifPresent(Tensor::close);
      right.ifPresent(Tensor::close);
    }
  }
}
