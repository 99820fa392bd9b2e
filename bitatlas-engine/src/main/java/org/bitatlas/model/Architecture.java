package org.bitatlas.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A decoder-only transformer of the Llama family as data: everything the forward pass needs to know
 * besides the weights. Read from {@code config.json} by {@link ArchitectureReader}.
 *
 * @param family the architecture name of {@code config.json}, for example {@code
 *     PanguEmbeddedForCausalLM}
 * @param vocabularySize rows of the embedding V
 * @param hiddenSize model width D
 * @param intermediateSize width F of the SwiGLU
 * @param layers number of decoder blocks L
 * @param heads query heads H
 * @param keyValueHeads key and value heads, H / keyValueHeads queries share one
 * @param headDimension width of one head
 * @param rmsNormEpsilon epsilon of every RMSNorm
 * @param rope rotary embedding
 * @param queryKeyValueBias biases on q, k and v
 * @param outputBias bias on o
 * @param mlpBias biases on gate, up and down
 * @param tiedEmbeddings the head is the embedding
 * @param maxPositions context length the model was made for
 * @param slidingWindow attention window in tokens of the layers that use one, 0 for none
 * @param slidingWindowLayers indexes of the layers with a sliding window
 * @param beginOfSequenceId {@code bos_token_id} of the configuration, -1 when absent
 * @param endOfSequenceIds {@code eos_token_id} of the configuration (one or several)
 */
public record Architecture(
    String family,
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    int heads,
    int keyValueHeads,
    int headDimension,
    double rmsNormEpsilon,
    RotaryEmbedding rope,
    boolean queryKeyValueBias,
    boolean outputBias,
    boolean mlpBias,
    boolean tiedEmbeddings,
    int maxPositions,
    int slidingWindow,
    List<Integer> slidingWindowLayers,
    int beginOfSequenceId,
    List<Integer> endOfSequenceIds) {

  /** The seven linear layers of a block, in calibration order. */
  public enum Projection {
    QUERY("self_attn.q_proj"),
    KEY("self_attn.k_proj"),
    VALUE("self_attn.v_proj"),
    OUTPUT("self_attn.o_proj"),
    GATE("mlp.gate_proj"),
    UP("mlp.up_proj"),
    DOWN("mlp.down_proj");

    private final String path;

    Projection(String path) {
      this.path = path;
    }

    /** Name inside a block, for example {@code self_attn.q_proj}. */
    public String path() {
      return path;
    }

    /** Full module name in block {@code layer}, without {@code .weight} or {@code .bias}. */
    public String module(int layer) {
      return "model.layers." + layer + "." + path;
    }

    /** The projection that a module name ends with; empty for embedding, head and norms. */
    public static Optional<Projection> ofModule(String module) {
      return Arrays.stream(values())
          .filter(projection -> module.endsWith("." + projection.path))
          .findFirst();
    }
  }

  /** Rows N of a projection's weight [N x K]. */
  public int outputFeatures(Projection projection) {
    return switch (projection) {
      case QUERY -> heads * headDimension;
      case KEY, VALUE -> keyValueHeads * headDimension;
      case OUTPUT, DOWN -> hiddenSize;
      case GATE, UP -> intermediateSize;
    };
  }

  /** Columns K of a projection's weight [N x K]. */
  public int inputFeatures(Projection projection) {
    return switch (projection) {
      case QUERY, KEY, VALUE, GATE, UP -> hiddenSize;
      case OUTPUT -> heads * headDimension;
      case DOWN -> intermediateSize;
    };
  }

  /** The same with the first {@code count} decoder blocks only. */
  public Architecture withLayers(int count) {
    return new Architecture(
        family,
        vocabularySize,
        hiddenSize,
        intermediateSize,
        count,
        heads,
        keyValueHeads,
        headDimension,
        rmsNormEpsilon,
        rope,
        queryKeyValueBias,
        outputBias,
        mlpBias,
        tiedEmbeddings,
        maxPositions,
        slidingWindow,
        slidingWindowLayers.stream().filter(layer -> layer < count).toList(),
        beginOfSequenceId,
        endOfSequenceIds);
  }

  /** Whether a projection has a bias [N]. */
  public boolean hasBias(Projection projection) {
    return switch (projection) {
      case QUERY, KEY, VALUE -> queryKeyValueBias;
      case OUTPUT -> outputBias;
      case GATE, UP, DOWN -> mlpBias;
    };
  }

  /** Most keys that a token of a layer sees, itself included. */
  public int window(int layer) {
    return slidingWindowLayers.contains(layer) ? slidingWindow : Integer.MAX_VALUE;
  }
}
