package org.bitatlas.quant.transform.flatquant;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.transform.BlockInputs;
import org.bitatlas.quant.transform.BlockTransform;
import org.bitatlas.quant.transform.SearchListener;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.TensorScope;

/** FlatQuant for one block: parameters are learned, then put into its weights. */
public final class FlatQuantSearch {

  /** Raised when the same block, inputs and options give other parameters. */
  public static final int BEHAVIOUR_VERSION = 1;

  /** Least magnitude of a channel and least channel scale. */
  private static final double LEAST = 1e-5;

  private FlatQuantSearch() {}

  /**
   * Trains the transforms and clipping of a block.
   *
   * @param block the float block; it is not changed
   * @param inputs its inputs in the float model
   * @param targets its outputs for them, in the same batches
   * @param options how to train
   * @param weightBits bits of the symmetric grid per row that the weights will be rounded to
   * @param activations how inputs of linears, keys and values will be rounded
   * @param tiles threads; the result does not depend on their number
   * @param listener told of every step
   * @return the transformed block; {@code clipped} is what is rounded
   * @throws BitAtlasException when a width has no suitable factors, the bits are not trainable, or
   *     the block's outputs are not finite
   */
  public static BlockTransform find(
      DecoderBlock block,
      BlockInputs inputs,
      BlockInputs targets,
      Transform.FlatQuant options,
      int weightBits,
      ActivationPolicy activations,
      Tiles tiles,
      SearchListener listener) {
    Quantization quantization = Quantization.of(weightBits, activations, options.form());
    TrainingData data = TrainingData.gather(block, inputs, targets, tiles);
    try (TensorScope _ = TensorScope.open()) {
      BaseWeights base = BaseWeights.of(block);
      BlockParameters parameters =
          BlockParameters.initial(
              block.architecture(),
              block.layer(),
              quantization,
              options.directInverse(),
              initialChannels(base, data, options.diagonalAlpha()),
              options.seed());
      FlatTraining.Outcome outcome =
          new FlatTraining(block, base, data, quantization, StraightThrough.ROUNDING, tiles)
              .train(
                  parameters,
                  options,
                  (step, steps, _, _) -> listener.stepped("training step", step + 1, steps));
      return Reparameterization.of(block, base, parameters, quantization, facts(outcome));
    }
  }

  /**
   * c = max|w|^(1 - alpha) / max|x|^alpha per channel, over the weights that share the input: the
   * reference's "sq_style".
   */
  static Map<InputGroup, float[]> initialChannels(
      BaseWeights base, TrainingData data, double alpha) {
    Map<InputGroup, float[]> channels = new EnumMap<>(InputGroup.class);
    for (InputGroup group : List.of(InputGroup.ATTENTION, InputGroup.MLP, InputGroup.MLP_OUTPUT)) {
      try (TensorScope _ = TensorScope.open()) {
        float[] weight = base.columnMaxima(group.projections()).toFloats();
        float[] input = data.channelMaxima(group);
        float[] scales = new float[weight.length];
        for (int k = 0; k < scales.length; k++) {
          double scale =
              Math.pow(weight[k], 1 - alpha) / Math.pow(Math.max(input[k], LEAST), alpha);
          scales[k] = (float) Math.max(scale, LEAST);
        }
        channels.put(group, scales);
      }
    }
    return channels;
  }

  private static SequencedMap<String, String> facts(FlatTraining.Outcome outcome) {
    SequencedMap<String, String> facts = new LinkedHashMap<>();
    if (!outcome.losses().isEmpty()) {
      facts.put(
          "loss",
          String.format(
              Locale.ROOT,
              "%.4g to %.4g in %d steps",
              outcome.losses().getFirst(),
              outcome.losses().getLast(),
              outcome.losses().size()));
    }
    outcome.trouble().ifPresent(trouble -> facts.put("training stopped", trouble));
    return facts;
  }
}
