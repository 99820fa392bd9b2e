package org.bitatlas.model;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.bitatlas.kernel.HeadStorage;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** A block's own operators: its weights, and its activation scheme simulated in float. */
final class StoredOperators implements BlockOperators, AutoCloseable {

  private final Architecture architecture;
  private final ElementType type;
  private final Device device;
  private final Map<InputGroup, FusedLinear> linears;
  private final Map<Projection, LinearActivations> activations = new EnumMap<>(Projection.class);
  private final Map<Projection, OnlineTransform> transforms = new EnumMap<>(Projection.class);
  private final Map<InputGroup, Plan> plans = new EnumMap<>(InputGroup.class);
  private AttentionActivations attention = AttentionActivations.NONE;
  private Optional<Tensor> keyTransform = Optional.empty();
  private Optional<Tensor> queryTransform = Optional.empty();

  /**
   * What is common to the projections of a group, found once and not per call.
   *
   * @param anything whether any of them transforms or rounds
   * @param oneTransform whether all transform their input alike
   * @param oneInput whether all also round it alike: then one multiplication serves them all
   * @param outputs whether any output is rounded
   */
  private record Plan(boolean anything, boolean oneTransform, boolean oneInput, boolean outputs) {

    static final Plan NOTHING = new Plan(false, true, true, false);

    static Plan of(List<LinearActivations> around) {
      LinearActivations first = around.getFirst();
      boolean oneTransform =
          around.stream().allMatch(other -> other.transform().equals(first.transform()));
      boolean oneRounding = around.stream().allMatch(other -> other.input().equals(first.input()));
      return new Plan(
          !around.stream().allMatch(LinearActivations.NONE::equals),
          oneTransform,
          oneTransform && oneRounding,
          around.stream().anyMatch(other -> other.output().isPresent()));
    }
  }

  /**
   * Operators around given weights.
   *
   * @param type of weights and activations
   * @param device of weights and activations
   * @param linears the weights of each group, none where others multiply
   */
  StoredOperators(
      Architecture architecture,
      ElementType type,
      Device device,
      Map<InputGroup, FusedLinear> linears) {
    this.architecture = architecture;
    this.type = type;
    this.device = device;
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
    InputGroup group = InputGroup.of(projection);
    plans.put(group, Plan.of(group.projections().stream().map(this::around).toList()));
    OnlineTransform old = transforms.remove(projection);
    if (old != null) {
      old.close();
    }
    replacement
        .transform()
        .ifPresent(
            transform -> transforms.put(projection, new OnlineTransform(transform, type, device)));
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
      return Optional.of(Tensor.from(values.get(), size, size).to(type).to(device).unscoped());
    }
  }

  @Override
  public Tensor linear(InputGroup group, Tensor input) {
    FusedLinear linear = linear(group);
    Plan plan = plans.getOrDefault(group, Plan.NOTHING);
    if (!plan.anything) {
      return linear.apply(input);
    }
    try (TensorScope scope = TensorScope.open()) {
      Projection first = group.observed();
      if (plan.oneInput) {
        Tensor outputs = linear.apply(prepared(first, input));
        return scope.keep(plan.outputs ? roundedOutputs(group, outputs) : outputs);
      }
      Optional<Tensor> shared =
          plan.oneTransform ? Optional.of(transformed(first, input)) : Optional.empty();
      List<Tensor> outputs = new ArrayList<>();
      for (Projection projection : group.projections()) {
        Tensor transformed = shared.orElseGet(() -> transformed(projection, input));
        outputs.add(linear.apply(projection, rounded(transformed, around(projection).input())));
      }
      Tensor all = Tensor.cat(outputs, -1);
      return scope.keep(plan.outputs ? roundedOutputs(group, all) : all);
    }
  }

  /** The input of a projection, transformed and rounded. */
  Tensor prepared(Projection projection, Tensor input) {
    return rounded(transformed(projection, input), around(projection).input());
  }

  private Tensor rounded(Tensor values, Optional<ActivationQuantizer> quantizer) {
    return quantizer.isEmpty()
        ? values
        : rounded(values, quantizer.get(), architecture.headDimension());
  }

  private static Tensor rounded(Tensor values, ActivationQuantizer quantizer, int dimension) {
    return PhaseClock.time(
        Phase.QUANTIZATION, () -> ActivationRounding.apply(values, quantizer, dimension));
  }

  /** The input of a projection, transformed. */
  Tensor transformed(Projection projection, Tensor input) {
    OnlineTransform transform = transforms.get(projection);
    return transform == null
        ? input
        : PhaseClock.time(Phase.TRANSFORM, () -> transform.apply(input));
  }

  /** Outputs of a group side by side, rounded where the scheme says so. */
  Tensor withRoundedOutputs(InputGroup group, Tensor outputs) {
    boolean any = plans.getOrDefault(group, Plan.NOTHING).outputs;
    return any ? roundedOutputs(group, outputs) : outputs;
  }

  private Tensor roundedOutputs(InputGroup group, Tensor outputs) {
    List<Tensor> rounded = new ArrayList<>();
    long start = 0;
    for (Projection projection : group.projections()) {
      int width = architecture.outputFeatures(projection);
      Tensor output = outputs.narrow(-1, start, width);
      rounded.add(rounded(output, around(projection).output()));
      start += width;
    }
    return Tensor.cat(rounded, -1);
  }

  @Override
  public Tensor heads(Tensor heads) {
    return heads(heads, _ -> true);
  }

  private Tensor heads(Tensor heads, Predicate<ActivationQuantizer> rounded) {
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
        query = changed(query, queryTransform.get());
        key = changed(key, keyTransform.orElseThrow());
      }
      return scope.keep(
          Tensor.cat(
              List.of(
                  query,
                  roundedHeads(key, attention.key().filter(rounded), dimension),
                  roundedHeads(value, attention.value().filter(rounded), dimension)),
              2));
    }
  }

  /** How a cache keeps keys and values whose rounding this is; floats where codes cannot stand. */
  PageLayout.Layer cacheCodes(ElementType otherwise) {
    return new PageLayout.Layer(
        cacheCodes(attention.key(), otherwise), cacheCodes(attention.value(), otherwise));
  }

  private static HeadStorage cacheCodes(
      Optional<ActivationQuantizer> quantizer, ElementType otherwise) {
    return quantizer
        .filter(HeadStorage.Codes::storable)
        .<HeadStorage>map(HeadStorage.Codes::new)
        .orElseGet(() -> new HeadStorage.Floats(otherwise));
  }

  /** As {@link #heads}, for a cache that stores codes: rounded only where it stores none. */
  Tensor headsForCodes(Tensor heads) {
    return heads(heads, quantizer -> !HeadStorage.Codes.storable(quantizer));
  }

  private static Tensor changed(Tensor heads, Tensor transform) {
    return PhaseClock.time(Phase.TRANSFORM, () -> heads.matmul(transform));
  }

  /** TOKEN rounds all heads of a token with one scale: a head row is [G x d] then. */
  private static Tensor roundedHeads(
      Tensor heads, Optional<ActivationQuantizer> quantizer, int dimension) {
    if (quantizer.isEmpty()) {
      return heads;
    }
    long[] shape = heads.shape();
    Tensor tokens = heads.reshape(shape[0], shape[1], shape[2] * shape[3]);
    return rounded(tokens, quantizer.get(), dimension).view(shape);
  }

  /** What happens around a projection. */
  LinearActivations around(Projection projection) {
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
}
