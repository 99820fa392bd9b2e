package org.bitatlas.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.kernel.KernelThreads;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.kernel.NpuLinear;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * A decoder-only transformer with its weights in memory, in one floating-point precision.
 *
 * <p>Forward passes may run on several threads at once; {@link #setWeight} and {@link #close} may
 * not overlap with them. Results go to the caller's {@link TensorScope}.
 */
public final class TransformerModel implements AutoCloseable {

  /** Raised when the same weights and tokens would give other logits. */
  public static final int BEHAVIOUR_VERSION = 3;

  private final Architecture architecture;
  private final Precision precision;
  private final Device device;
  private final String execution;
  private final Optional<PackedExecution> packed;
  private final boolean onNpu;
  private final VocabularyTables tables;
  private final List<DecoderBlock> blocks = new ArrayList<>();
  private final Tensor finalNorm;
  private final RotaryTable rotary;
  private final AttentionOperator attention;
  private final PageLayout cacheLayout;

  private TransformerModel(
      WeightSource source,
      Precision precision,
      Optional<PackedExecution> packed,
      Optional<NpuLinear.Operators> npu) {
    this.architecture = source.architecture();
    this.precision = precision;
    this.device = source.device();
    this.packed = packed;
    this.onNpu = npu.isPresent();
    this.execution =
        (onNpu ? ExecutionPhrase.ofNpu(source.quantized()) : phrase(source, precision, packed))
            + ExecutionPhrase.on(device);
    tables = new VocabularyTables(source, packed);
    finalNorm = source.owned("model.norm.weight", architecture.hiddenSize());
    rotary =
        new RotaryTable(
            architecture.rope(),
            architecture.headDimension(),
            architecture.maxPositions(),
            precision.elementType(),
            device);
    for (int layer = 0; layer < architecture.layers(); layer++) {
      blocks.add(new DecoderBlock(source, layer, rotary, packed, npu));
    }
    attention =
        packed
            .map(present -> AttentionOperator.of(architecture, precision.elementType(), present))
            .orElseGet(() -> AttentionOperator.onLibtorch(architecture, new KernelThreads(1)));
    cacheLayout =
        new PageLayout(
            architecture.keyValueHeads(),
            architecture.headDimension(),
            blocks.stream().map(block -> block.cacheStorage(precision.elementType())).toList());
  }

  private static String phrase(
      WeightSource source, Precision precision, Optional<PackedExecution> packed) {
    if (packed.filter(PackedExecution::emulated).isPresent()) {
      return ExecutionPhrase.ofEmulated(source.quantized());
    }
    return packed.filter(PackedExecution::onCodes).isPresent()
        ? ExecutionPhrase.ofPacked(source.quantized(), precision)
        : ExecutionPhrase.of(source.quantized(), precision);
  }

  /**
   * Loads a float model whose weights can be read and replaced, on libtorch's products. Weights are
   * copied: the checkpoint may be closed afterwards.
   *
   * @throws BitAtlasException when a tensor is missing or has another shape than the architecture's
   */
  public static TransformerModel load(
      Architecture architecture, Checkpoint checkpoint, Precision precision) {
    return new TransformerModel(
        new WeightSource(
            architecture, checkpoint, Optional.empty(), precision.elementType(), Device.CPU),
        precision,
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Loads a float model to be run. On the CPU its weights are packed once for the products that are
   * fastest there, and cannot be read or replaced. The checkpoint may be closed afterwards.
   *
   * @param threads threads that share the products of one sequence, at least 1; results do not
   *     depend on it
   * @throws BitAtlasException as {@link #load(Architecture, Checkpoint, Precision)}, and where
   *     there is no such device
   */
  public static TransformerModel load(
      Architecture architecture,
      Checkpoint checkpoint,
      Precision precision,
      int threads,
      Device device) {
    return toBeRun(
        new WeightSource(
            architecture, checkpoint, Optional.empty(), precision.elementType(), device),
        precision,
        Execution.SIMULATED,
        threads);
  }

  /**
   * Loads a quantized model for simulated execution whose weights can be read and replaced: each
   * quantized linear is dequantized row by row, once, to the working precision; activations are
   * rounded in float. A head that the quantized checkpoint has is used also where the architecture
   * ties it to the embedding.
   *
   * @param floatParts embedding, norms, biases, head and every linear that is not quantized
   * @param quantized the quantized linears, what happens around them, and replaced float tensors
   * @throws BitAtlasException when a tensor is missing or has another shape than the architecture's
   */
  public static TransformerModel load(
      Architecture architecture,
      Checkpoint floatParts,
      QuantizedCheckpoint quantized,
      Precision precision) {
    return new TransformerModel(
        new WeightSource(
            architecture, floatParts, Optional.of(quantized), precision.elementType(), Device.CPU),
        precision,
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Loads a quantized model to be run on the CPU. With {@link Execution#INTEGER} its linears are
   * packed from their codes and never dequantized as a whole, embedding and head included; with
   * {@link Execution#SIMULATED} they are dequantized and packed as floats; with {@link
   * Execution#ASCEND_910B} they compute as that machine does.
   *
   * @param threads threads that share the products of one sequence, at least 1; results do not
   *     depend on it
   * @throws BitAtlasException as {@link #load(Architecture, Checkpoint, QuantizedCheckpoint,
   *     Precision)}
   */
  public static TransformerModel load(
      Architecture architecture,
      Checkpoint floatParts,
      QuantizedCheckpoint quantized,
      Precision precision,
      Execution execution,
      int threads) {
    return load(architecture, floatParts, quantized, precision, execution, threads, Device.CPU);
  }

  /**
   * Loads a quantized model to be run on a device; only the CPU has packed weights, and only an NPU
   * operators for integers beside it ({@link NpuLinear}, never run on hardware).
   *
   * @throws BitAtlasException as {@link #load(Architecture, Checkpoint, QuantizedCheckpoint,
   *     Precision)}, and where there is no such device or it has no kernels for the execution
   */
  public static TransformerModel load(
      Architecture architecture,
      Checkpoint floatParts,
      QuantizedCheckpoint quantized,
      Precision precision,
      Execution execution,
      int threads,
      Device device) {
    return toBeRun(
        new WeightSource(
            architecture, floatParts, Optional.of(quantized), precision.elementType(), device),
        precision,
        execution,
        threads);
  }

  private static TransformerModel toBeRun(
      WeightSource source, Precision precision, Execution execution, int threads) {
    execution.requireOn(source.device());
    execution.requireIn(precision, source.device());
    source.device().requireAvailable();
    if (execution.emulated()) {
      source.quantized().ifPresent(EmulatedFit::check);
    }
    return new TransformerModel(
        source,
        precision,
        source.device().isHost()
            ? Optional.of(new PackedExecution(execution, threads))
            : Optional.empty(),
        execution == Execution.INTEGER
                && source.quantized().isPresent()
                && !source.device().isHost()
            ? Optional.of(NpuLinear.Operators.ASCEND)
            : Optional.empty());
  }

  /** A quantized model on operators of an NPU, or on what stands in for them. */
  static TransformerModel onNpu(WeightSource source, NpuLinear.Operators operators) {
    return new TransformerModel(source, Precision.BF16, Optional.empty(), Optional.of(operators));
  }

  /** The architecture. */
  public Architecture architecture() {
    return architecture;
  }

  /** Type of weights and activations. */
  public Precision precision() {
    return precision;
  }

  /** Where the weights are and everything is computed. */
  public Device device() {
    return device;
  }

  /** How linear layers are executed, as a phrase for records and people. */
  public String execution() {
    return execution;
  }

  /**
   * Refuses a model whose quantized layers would not run in the arithmetic that their scheme
   * promises: integer products where activations are quantized, kernels that read packed weights
   * where only weights are, on vector instructions. Layers that a checkpoint keeps in float promise
   * nothing.
   *
   * @throws BitAtlasException naming the first layer below its promise
   */
  public void requirePromisedKernels() {
    if (onNpu) {
      return;
    }
    Optional<String> below =
        packed.filter(PackedExecution::onCodes).isEmpty() || packed.get().emulated()
            ? Optional.of(
                packed.filter(PackedExecution::emulated).isPresent()
                    ? "every quantized layer would run as an emulation of another machine"
                    : "every quantized layer would run as simulated in float")
            : Stream.concat(
                    blocks.stream().flatMap(block -> block.belowPromise().stream()),
                    tables.belowPromise().stream())
                .findFirst();
    below.ifPresent(what -> {
      throw new BitAtlasException(
          "The kernels that the scheme promises are required, but %s; run with integer execution on a CPU and JVM that have them, or do not require them."
              .formatted(what));
    });
  }

  /** Which kernels the linears of a model with packed weights ran on so far; else empty. */
  public List<KernelTrace.Use> kernelUses() {
    return packed.map(present -> present.trace().uses()).orElse(List.of());
  }

  /**
   * The embeddings of token ids.
   *
   * @param ids B sequences; shorter ones are padded on the right with token 0
   * @return [B x T x D], T the longest length
   * @throws BitAtlasException when an id is outside the vocabulary or a sequence is longer than the
   *     context
   */
  public Tensor embed(int[][] ids) {
    int length = 0;
    for (int[] row : ids) {
      length = Math.max(length, row.length);
    }
    requireContext(length);
    long[] flat = new long[ids.length * length];
    for (int row = 0; row < ids.length; row++) {
      for (int t = 0; t < ids[row].length; t++) {
        flat[row * length + t] = requireToken(ids[row][t]);
      }
    }
    return embed(flat, ids.length, length);
  }

  Tensor embed(long[] ids, int rows, int length) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.keep(tables.rows(ids).view(rows, length, architecture.hiddenSize()));
    }
  }

  int requireToken(int id) {
    if (id < 0 || id >= architecture.vocabularySize()) {
      throw new BitAtlasException(
          "Token id %d is outside the model's vocabulary of %d; the tokenizer belongs to another model."
              .formatted(id, architecture.vocabularySize()));
    }
    return id;
  }

  void requireContext(int length) {
    if (length > architecture.maxPositions()) {
      throw new BitAtlasException(
          "A sequence of %d tokens does not fit the model's context of %d; use shorter sequences."
              .formatted(length, architecture.maxPositions()));
    }
  }

  /**
   * One decoder block over whole sequences, causal, without a cache.
   *
   * @param layer index of the block
   * @param hidden [B x T x D], starting at position 0
   * @param observer sees the inputs of the linears
   * @return [B x T x D]
   */
  public Tensor block(int layer, Tensor hidden, LinearInputObserver observer) {
    return block(layer, hidden, new CausalAttention(architecture, attention), observer);
  }

  Tensor block(int layer, Tensor hidden, Attention attention, LinearInputObserver observer) {
    return blocks.get(layer).forwardWhole(hidden, attention, observer);
  }

  /** The operators of a block, as the model runs them. */
  BlockOperators operators(int layer) {
    return blocks.get(layer).operators();
  }

  /**
   * All blocks for one new token per row.
   *
   * @param hidden [B x 1 x D]
   * @param positions position of each row's token
   */
  Tensor blocksAt(Tensor hidden, long[] positions, Attention attention) {
    int longest = 0;
    for (long position : positions) {
      longest = Math.max(longest, Math.toIntExact(position) + 1);
    }
    requireContext(longest);
    try (TensorScope scope = TensorScope.open()) {
      RotaryTable.Tables rotation =
          rotary
              .covering(longest)
              .at(Tensor.fromLongs(positions, positions.length).to(device), positions.length);
      Tensor current = hidden;
      for (DecoderBlock block : blocks) {
        Tensor next =
            block.forward(
                current, rotation, attention, block.operators(), LinearInputObserver.NONE);
        if (current != hidden) {
          current.close();
        }
        current = next;
      }
      return scope.keep(current);
    }
  }

  /**
   * The last step: final norm and head.
   *
   * @param hidden [.. x D], output of the last block
   * @return fp32 logits [.. x V]
   */
  public Tensor head(Tensor hidden) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor normalised =
          PhaseClock.time(
              Phase.NORM, () -> hidden.rmsNorm(finalNorm, architecture.rmsNormEpsilon()));
      Tensor logits = tables.logits(normalised);
      return scope.keep(PhaseClock.time(Phase.HEAD, () -> logits.to(ElementType.F32)));
    }
  }

  /**
   * The hidden states after the last block, before the final norm.
   *
   * @param ids B sequences, padded on the right as in {@link #embed(int[][])}
   * @return [B x T x D]
   */
  public Tensor hidden(int[][] ids) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor hidden = embed(ids);
      for (int layer = 0; layer < architecture.layers(); layer++) {
        hidden = block(layer, hidden, LinearInputObserver.NONE);
      }
      return scope.keep(hidden);
    }
  }

  /** fp32 logits [B x T x V] of whole sequences: embed, all blocks, head. */
  public Tensor logits(int[][] ids) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.keep(head(hidden(ids)));
    }
  }

  /** A cache of keys and values, without sequences. */
  KeyValueCache newCache() {
    return new KeyValueCache(architecture, cacheLayout, attention);
  }

  /** How keys and values are stored: how many bytes a page of tokens takes. */
  public PageLayout cacheLayout() {
    return cacheLayout;
  }

  /** A batch to decode token by token. */
  public DecodingBatch newBatch() {
    return newBatch(() -> false);
  }

  /**
   * The same for a caller that may want to stop.
   *
   * @param cancelled asked before every layer
   */
  public DecodingBatch newBatch(BooleanSupplier cancelled) {
    return new DecodingBatch(this, cancelled);
  }

  /**
   * Replaces the weight of a linear layer of a model that was not loaded to be run.
   *
   * @param weight W [N x K], row-major
   */
  public void setWeight(int layer, Projection projection, float[] weight) {
    blocks.get(layer).setWeight(projection, weight);
  }

  /**
   * Replaces what happens around a linear layer of a model that was not loaded to be run.
   *
   * @param activations transform and rounding of its inputs, rounding of its outputs
   */
  public void setActivations(int layer, Projection projection, LinearActivations activations) {
    blocks.get(layer).setActivations(projection, activations);
  }

  /** The weight W [N x K] of a linear layer, row-major, in the values the model computes with. */
  public float[] weight(int layer, Projection projection) {
    return blocks.get(layer).weight(projection);
  }

  /** Frees the weights. */
  @Override
  public void close() {
    tables.close();
    finalNorm.close();
    blocks.forEach(DecoderBlock::close);
    rotary.close();
    attention.close();
    packed.ifPresent(PackedExecution::close);
  }
}
