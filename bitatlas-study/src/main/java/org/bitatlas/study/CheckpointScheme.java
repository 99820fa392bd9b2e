package org.bitatlas.study;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.ActivationPolicy.Granularity;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.StoredLinear;

/**
 * How the linear layers of a checkpoint's blocks are stored and computed, read off the layers and
 * not off what a configuration claims.
 *
 * @param weights number of weights by the scheme of their layer, in model order
 * @param keyBits bits of keys in the cache; 16 where they are not rounded
 * @param valueBits the same of values
 */
record CheckpointScheme(SequencedMap<Layer, Long> weights, int keyBits, int valueBits) {

  /** Name of the option that says whether all layers have one grid, and no transform before it. */
  public static final String UNIFORM = "uniform";

  private static final String LAYERS = "layers";

  /**
   * The scheme of a layer.
   *
   * @param bits bits of a weight; of blocks that are decoded when they are read, those of a weight
   *     with its share of the scales, rounded down
   * @param groupSize columns that share a scale; 0 for one scale per output channel
   * @param symmetric whether the zero point is the middle of the codes
   * @param grid whether its codes lie on a grid of scales, which other formats may hold as well
   * @param storage in words
   * @param transformed whether an online transform stands in front of the layer
   * @param input rounding of its inputs, without the ends of a fixed range
   */
  record Layer(
      int bits,
      int groupSize,
      boolean symmetric,
      boolean grid,
      String storage,
      boolean transformed,
      Optional<Input> input) {

    private String words() {
      return storage
          + (transformed ? ", behind a transform" : "")
          + input
              .map(rounded ->
                  ", inputs %d bits %s".formatted(rounded.bits(), rounded.granularity().id()))
              .orElse("");
    }
  }

  /** How inputs are rounded. */
  record Input(int bits, boolean symmetric, Granularity granularity) {
    static Input of(ActivationQuantizer quantizer) {
      Granularity granularity =
          quantizer.strategy() == Strategy.TENSOR
              ? (quantizer.dynamic() ? Granularity.DYNAMIC_TENSOR : Granularity.STATIC_TENSOR)
              : Granularity.DYNAMIC_TOKEN;
      return new Input(quantizer.bits(), quantizer.symmetric(), granularity);
    }
  }

  static CheckpointScheme of(ModelFolder folder) {
    Architecture architecture = folder.architecture();
    Map<String, Long> bytes = folder.checkpoint().storedBytes();
    SequencedMap<Layer, Long> weights = new LinkedHashMap<>();
    int keyBits = ActivationPolicy.FLOAT_BITS;
    int valueBits = ActivationPolicy.FLOAT_BITS;
    for (int block = 0; block < architecture.layers(); block++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(block);
        long count =
            (long) architecture.outputFeatures(projection) * architecture.inputFeatures(projection);
        Layer layer =
            folder
                .quantized()
                .flatMap(all ->
                    Optional.ofNullable(all.linears().get(module))
                        .map(linear -> layer(linear, all.activationsOf(module))))
                .orElseGet(() -> decoded(bytes.getOrDefault(module + ".weight", 0L), count));
        weights.merge(layer, count, Long::sum);
      }
      int number = block;
      AttentionActivations cache =
          folder.quantized().map(all -> all.attentionOf(number)).orElse(AttentionActivations.NONE);
      keyBits = Math.min(keyBits, bits(cache.key()));
      valueBits = Math.min(valueBits, bits(cache.value()));
    }
    return new CheckpointScheme(weights, keyBits, valueBits);
  }

  private static int bits(Optional<ActivationQuantizer> rounding) {
    return rounding.map(ActivationQuantizer::bits).orElse(ActivationPolicy.FLOAT_BITS);
  }

  private static Layer decoded(long bytes, long count) {
    int bits = Math.toIntExact(Byte.SIZE * bytes / count);
    return bits >= StudyRecipe.FLOAT_BITS
        ? floats()
        : new Layer(
            bits, 0, false, false, "blocks of about " + bits + " bits", false, Optional.empty());
  }

  private static Layer floats() {
    return new Layer(StudyRecipe.FLOAT_BITS, 0, true, false, "float", false, Optional.empty());
  }

  private static Layer layer(StoredLinear linear, LinearActivations around) {
    if (linear instanceof FloatLinear) {
      return floats();
    }
    boolean transformed = around.transform().isPresent();
    Optional<Input> input = around.input().map(Input::of);
    if (linear instanceof GridLinear grid) {
      int group = grid.groupSize() >= grid.inputFeatures() ? 0 : grid.groupSize();
      return new Layer(
          grid.bits(), group, grid.symmetric(), true, linear.scheme(), transformed, input);
    }
    int bits = Math.max(1, (int) Math.round(linear.nominalBits()));
    return new Layer(bits, 0, false, false, linear.scheme(), transformed, input);
  }

  /** The scheme that most weights have. */
  private Layer main() {
    return weights.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElseGet(CheckpointScheme::floats);
  }

  /** Weight bits of most weights. */
  int bits() {
    return main().bits();
  }

  /** The scheme as the options of a recipe are recorded, in a fixed order. */
  SequencedMap<String, String> options() {
    Layer main = main();
    SequencedMap<String, String> options = new LinkedHashMap<>();
    options.put("bits", Integer.toString(main.bits()));
    options.put("group_size", Integer.toString(main.groupSize()));
    options.put("symmetric", Boolean.toString(main.symmetric()));
    options.put(
        "a_bits",
        Integer.toString(main.input().map(Input::bits).orElse(ActivationPolicy.FLOAT_BITS)));
    main.input()
        .ifPresent(input -> {
          options.put("a_sym", Boolean.toString(input.symmetric()));
          options.put("a_granularity", input.granularity().id());
        });
    options.put(
        UNIFORM, Boolean.toString(weights.size() == 1 && main.grid() && !main.transformed()));
    options.put("k_bits", Integer.toString(keyBits));
    options.put("v_bits", Integer.toString(valueBits));
    if (weights.size() > 1) {
      long all = weights.values().stream().mapToLong(Long::longValue).sum();
      options.put(
          LAYERS,
          weights.entrySet().stream()
              .map(entry ->
                  "%d %% of weights: %s"
                      .formatted(
                          Math.round(100.0 * entry.getValue() / all), entry.getKey().words()))
              .collect(Collectors.joining("; ")));
    } else {
      options.put("storage", main.words());
    }
    return options;
  }
}
