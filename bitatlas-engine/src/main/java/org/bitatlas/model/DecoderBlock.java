package org.bitatlas.model;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.kernel.HeadStorage;
import org.bitatlas.kernel.NpuLinear;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * One decoder block with its weights: attention and SwiGLU, each behind an RMSNorm and added to the
 * hidden state.
 *
 * <p>Forward passes may run on several threads at once; the setters and {@link #close} may not
 * overlap with them.
 */
public final class DecoderBlock implements AutoCloseable {

  private final Architecture architecture;
  private final int layer;
  private final RotaryTable rotary;
  private final Map<InputGroup, Tensor> norms = new EnumMap<>(InputGroup.class);
  private final Map<InputGroup, FusedLinear> linears = new EnumMap<>(InputGroup.class);
  private final StoredOperators stored;
  private final Optional<PackedOperators> packed;
  private final Optional<NpuOperators> npu;
  private final BetweenProducts between;
  private final BlockOperators operators;
  private final boolean codesInCache;

  DecoderBlock(WeightSource source, int layer, RotaryTable rotary) {
    this(source, layer, rotary, Optional.empty(), Optional.empty());
  }

  /**
   * A block whose linears stay packed where an execution for that is given, and whose quantized
   * linears are on an NPU's operators where these are.
   */
  DecoderBlock(
      WeightSource source,
      int layer,
      RotaryTable rotary,
      Optional<PackedExecution> execution,
      Optional<NpuLinear.Operators> npuOperators) {
    this.architecture = source.architecture();
    this.layer = layer;
    this.rotary = rotary;
    for (InputGroup group : InputGroup.values()) {
      normName(layer, group)
          .ifPresent(
              name -> norms.put(group, source.owned(name + ".weight", architecture.hiddenSize())));
      boolean elsewhere =
          execution.isPresent()
              || (npuOperators.isPresent() && NpuOperators.isQuantized(source, layer, group));
      if (!elsewhere) {
        linears.put(group, new FusedLinear(source, layer, group.projections()));
      }
    }
    stored = new StoredOperators(architecture, source.elementType(), source.device(), linears);
    source
        .quantized()
        .ifPresent(quantized -> {
          for (Projection projection : Projection.values()) {
            stored.set(projection, quantized.activationsOf(projection.module(layer)));
          }
          stored.set(quantized.attentionOf(layer));
        });
    packed = execution.map(present -> new PackedOperators(source, layer, stored, present));
    npu = npuOperators.map(present -> new NpuOperators(source, layer, stored, present));
    operators = packed.<BlockOperators>map(own -> own).or(() -> npu).orElse(stored);
    codesInCache = execution.map(PackedExecution::onCodes).orElse(false);
    between =
        execution
            .<BetweenProducts>map(present -> new BetweenProducts.OnKernels(present.blockRows()))
            .orElseGet(BetweenProducts.OnLibtorch::new);
  }

  /**
   * Module name of the norm in front of a group, for example {@code
   * model.layers.0.input_layernorm}.
   */
  public static Optional<String> normName(int layer, InputGroup group) {
    String prefix = "model.layers." + layer + ".";
    return switch (group) {
      case ATTENTION -> Optional.of(prefix + "input_layernorm");
      case MLP -> Optional.of(prefix + "post_attention_layernorm");
      case ATTENTION_OUTPUT, MLP_OUTPUT -> Optional.empty();
    };
  }

  /** What would run in place of the arithmetic that the scheme promises, in words. */
  Optional<String> belowPromise() {
    return packed.flatMap(PackedOperators::belowPromise);
  }

  /** How a cache keeps this block's keys and values: as codes where the block runs in integers. */
  PageLayout.Layer cacheStorage(ElementType type) {
    return codesInCache
        ? stored.cacheCodes(type)
        : new PageLayout.Layer(new HeadStorage.Floats(type), new HeadStorage.Floats(type));
  }

  /** The architecture of the model the block belongs to. */
  public Architecture architecture() {
    return architecture;
  }

  /** Index of the block in the model. */
  public int layer() {
    return layer;
  }

  /** The block's own operators: its weights as stored or set, its activation scheme. */
  public BlockOperators operators() {
    return operators;
  }

  /**
   * The block's output for whole sequences, causal, without a cache.
   *
   * @param hidden [B x T x D], starting at position 0
   * @param operators the linears and what happens to heads, usually {@link #operators()}
   * @param observer sees the inputs of the linears
   * @return [B x T x D]
   */
  public Tensor forward(Tensor hidden, BlockOperators operators, LinearInputObserver observer) {
    return forward(
        hidden,
        wholeSequence((int) hidden.size(1)),
        new CausalAttention(architecture),
        operators,
        observer);
  }

  /**
   * The attention half without norm and residual, as {@link #forward}: q, k, v, attention, o.
   *
   * @param input [B x T x D], normalised
   * @return [B x T x D]
   */
  public Tensor attention(Tensor input, BlockOperators operators) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.keep(
          attention(
              input,
              wholeSequence((int) input.size(1)),
              new CausalAttention(architecture),
              operators,
              LinearInputObserver.NONE));
    }
  }

  /**
   * The MLP half without norm and residual: gate, up, SwiGLU, down.
   *
   * @param input [B x T x D], normalised
   * @return [B x T x D]
   */
  public Tensor mlp(Tensor input, BlockOperators operators) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.keep(mlp(input, operators, LinearInputObserver.NONE));
    }
  }

  private RotaryTable.Tables wholeSequence(int length) {
    RotaryTable.Tables rotation = rotary.covering(length).first(length);
    return new RotaryTable.Tables(
        rotation.cosine().unsqueeze(1), rotation.sine().unsqueeze(1), length);
  }

  /**
   * As {@link #forward(Tensor, BlockOperators, LinearInputObserver)} with attention as given.
   *
   * @param rotation rotary tables that broadcast to [B x T x heads x d]
   * @param attention how queries meet keys
   */
  Tensor forward(
      Tensor hidden,
      RotaryTable.Tables rotation,
      Attention attention,
      BlockOperators operators,
      LinearInputObserver observer) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor input = normalised(InputGroup.ATTENTION, hidden);
      Tensor afterAttention = attention(input, rotation, attention, operators, observer);
      Tensor mlpInput =
          PhaseClock.time(
              Phase.NORM,
              () ->
                  between.addThenNorm(
                      afterAttention,
                      hidden,
                      normOf(InputGroup.MLP),
                      architecture.rmsNormEpsilon()));
      return scope.keep(between.add(mlp(mlpInput, operators, observer), afterAttention));
    }
  }

  /** As {@link #forward} with the block's own operators, for a whole sequence in this attention. */
  Tensor forwardWhole(Tensor hidden, Attention attention, LinearInputObserver observer) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.keep(
          forward(hidden, wholeSequence((int) hidden.size(1)), attention, operators, observer));
    }
  }

  private Tensor normalised(InputGroup group, Tensor hidden) {
    return PhaseClock.time(
        Phase.NORM, () -> between.norm(hidden, normOf(group), architecture.rmsNormEpsilon()));
  }

  private Tensor attention(
      Tensor input,
      RotaryTable.Tables rotation,
      Attention attention,
      BlockOperators operators,
      LinearInputObserver observer) {
    observe(InputGroup.ATTENTION, input, observer);
    Tensor heads =
        operators
            .linear(InputGroup.ATTENTION, input)
            .view(
                input.size(0),
                input.size(1),
                architecture.heads() + 2L * architecture.keyValueHeads(),
                architecture.headDimension());
    PhaseClock.time(
        Phase.ROTARY,
        () -> {
          between.rotate(heads, architecture.heads() + architecture.keyValueHeads(), rotation);
          return heads;
        });
    Tensor prepared =
        attention.takesHeadsUnrounded(layer) ? stored.headsForCodes(heads) : operators.heads(heads);
    Tensor attended = PhaseClock.time(Phase.ATTENTION, () -> attention.attend(layer, prepared));
    observe(InputGroup.ATTENTION_OUTPUT, attended, observer);
    return operators.linear(InputGroup.ATTENTION_OUTPUT, attended);
  }

  private Tensor mlp(Tensor input, BlockOperators operators, LinearInputObserver observer) {
    observe(InputGroup.MLP, input, observer);
    Tensor both = operators.linear(InputGroup.MLP, input);
    Tensor activated = PhaseClock.time(Phase.ACTIVATION, () -> between.swiGlu(both));
    observe(InputGroup.MLP_OUTPUT, activated, observer);
    return operators.linear(InputGroup.MLP_OUTPUT, activated);
  }

  private static void observe(InputGroup group, Tensor input, LinearInputObserver observer) {
    for (Projection projection : group.projections()) {
      observer.observe(projection, input);
    }
  }

  /** The weight W [N x K] of a projection, row-major, in the values the block computes with. */
  public float[] weight(Projection projection) {
    try (TensorScope _ = TensorScope.open()) {
      return linear(projection).rowsOf(projection).toFloats();
    }
  }

  /** Replaces the weight W [N x K] of a projection, row-major. */
  public void setWeight(Projection projection, float[] weight) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor target = linear(projection).rowsOf(projection);
      target.copyFrom(Tensor.from(weight, target.shape()));
    }
  }

  /** The bias [N] of a projection that has one. */
  public Optional<float[]> bias(Projection projection) {
    if (!architecture.hasBias(projection)) {
      return Optional.empty();
    }
    try (TensorScope _ = TensorScope.open()) {
      return linear(projection).biasOf(projection).map(Tensor::toFloats);
    }
  }

  /**
   * Replaces the bias [N] of a projection.
   *
   * @throws IllegalArgumentException when it has none
   */
  public void setBias(Projection projection, float[] bias) {
    try (TensorScope _ = TensorScope.open()) {
      linear(projection)
          .biasOf(projection)
          .orElseThrow(() -> new IllegalArgumentException(projection + " has no bias"))
          .copyFrom(Tensor.from(bias, bias.length));
    }
  }

  /** The weight [D] of the norm in front of a group: ATTENTION or MLP. */
  public float[] norm(InputGroup group) {
    return normOf(group).toFloats();
  }

  /** Replaces the weight [D] of the norm in front of ATTENTION or MLP. */
  public void setNorm(InputGroup group, float[] weight) {
    try (TensorScope _ = TensorScope.open()) {
      normOf(group).copyFrom(Tensor.from(weight, weight.length));
    }
  }

  /**
   * The input of a projection as its weight meets it: transformed and rounded as {@link
   * #setActivations} says.
   *
   * @param input [.. x K]
   */
  public Tensor prepared(Projection projection, Tensor input) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.keep(stored.prepared(projection, input));
    }
  }

  /** The input of a projection transformed, but not rounded. */
  public Tensor transformed(Projection projection, Tensor input) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.keep(stored.transformed(projection, input));
    }
  }

  /** Replaces what happens around a projection. */
  public void setActivations(Projection projection, LinearActivations activations) {
    stored.set(projection, activations);
  }

  /** Replaces what happens to queries, keys and values. */
  public void setAttention(AttentionActivations attention) {
    stored.set(attention);
  }

  private FusedLinear linear(Projection projection) {
    FusedLinear linear = linears.get(InputGroup.of(projection));
    if (linear == null) {
      throw new IllegalStateException("the weights of this block are packed or on an NPU");
    }
    return linear;
  }

  private Tensor normOf(InputGroup group) {
    Tensor norm = norms.get(group);
    if (norm == null) {
      throw new IllegalArgumentException("no norm stands in front of " + group);
    }
    return norm;
  }

  @Override
  public void close() {
    norms.values().forEach(Tensor::close);
    linears.values().forEach(FusedLinear::close);
    stored.close();
    packed.ifPresent(PackedOperators::close);
    npu.ifPresent(NpuOperators::close);
  }
}
