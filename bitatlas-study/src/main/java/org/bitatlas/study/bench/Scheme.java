package org.bitatlas.study.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.model.Precision;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.tensor.BitAtlasException;

/**
 * How weights are stored and activations rounded. The words are those of the paper: W4A8 has
 * weights of 4 and activations of 8 bits, and g128 one scale for 128 weights of a row instead of
 * one for the row; x2 where that scale is a whole multiple of one for the row.
 *
 * @param name short name, for example {@code w4a16-g128}
 * @param precision of a scheme without quantized weights; of others the caller chooses it
 * @param weights how the linear layers of the blocks are quantized
 * @param activations how their inputs are rounded
 * @param transforms whether FlatQuant's transforms stand in front of them
 * @param cache how keys and values are rounded on their way into the cache
 */
public record Scheme(
    String name,
    Optional<Precision> precision,
    Optional<Weights> weights,
    Optional<ActivationQuantizer> activations,
    boolean transforms,
    Optional<ActivationQuantizer> cache) {

  /**
   * Quantized weights.
   *
   * @param bits of a weight; 1 for binary weights as BiLLM stores them, in blocks of the group's
   *     size
   * @param groupSize weights of a row that share a scale; 0 for the whole row
   * @param downBits of a weight of the MLP's down projection, which suffers most of few bits
   * @param secondScales whether scales of groups are multiples of one per row
   */
  public record Weights(int bits, int groupSize, int downBits, boolean secondScales) {

    /** Whether weights are signs with a few values per block and row. */
    public boolean binary() {
      return bits == 1;
    }
  }

  /** Any range does: how fast rounding is does not depend on it. */
  private static final float STATIC_RANGE = 8;

  private static final int GROUP = 128;

  private static final SequencedMap<String, Scheme> KNOWN = known();

  private static SequencedMap<String, Scheme> known() {
    Optional<ActivationQuantizer> none = Optional.empty();
    Optional<ActivationQuantizer> eight = Optional.of(ActivationQuantizer.perToken(8, true));
    Optional<ActivationQuantizer> four = Optional.of(ActivationQuantizer.perToken(4, true));
    Optional<ActivationQuantizer> fixed =
        Optional.of(ActivationQuantizer.perTensor(8, true, -STATIC_RANGE, STATIC_RANGE));
    SequencedMap<String, Scheme> known = new LinkedHashMap<>();
    for (Precision precision : Precision.values()) {
      String name = precision.name().toLowerCase(Locale.ROOT);
      known.put(
          name,
          new Scheme(
              name,
              Optional.of(precision),
              Optional.empty(),
              Optional.empty(),
              false,
              Optional.empty()));
    }
    for (Scheme scheme :
        List.of(
            quantized("w8a8", 8, 0, eight, false),
            quantized("w8a8-static", 8, 0, fixed, false),
            quantized("w4a8", 4, 0, eight, false),
            quantized("w4a8-g128", 4, GROUP, eight, false),
            quantized("w4a8-g128x2", 4, GROUP, eight, false).withSecondScales(),
            quantized("w8a16", 8, 0, none, false),
            quantized("w4a16-g128", 4, GROUP, none, false),
            quantized("w4a4", 4, 0, four, false),
            quantized("w4a4-flat", 4, 0, four, true),
            quantized("w3a16-g128", 3, GROUP, none, false),
            quantized("w2a16-g128", 2, GROUP, none, false),
            quantized("binary", 1, GROUP, none, false),
            quantized("w4a8-down8", 4, 0, eight, false).withDown(8),
            quantized("w8a8-kv8", 8, 0, eight, false).withCache(8),
            quantized("w4a16-g128-kv4", 4, GROUP, none, false).withCache(4))) {
      known.put(scheme.name, scheme);
    }
    return known;
  }

  private static Scheme quantized(
      String name,
      int bits,
      int groupSize,
      Optional<ActivationQuantizer> activations,
      boolean transforms) {
    return new Scheme(
        name,
        Optional.empty(),
        Optional.of(new Weights(bits, groupSize, bits, false)),
        activations,
        transforms,
        Optional.empty());
  }

  private Scheme withDown(int bits) {
    Weights stored = weights.orElseThrow();
    return withWeights(new Weights(stored.bits, stored.groupSize, bits, stored.secondScales));
  }

  private Scheme withSecondScales() {
    Weights stored = weights.orElseThrow();
    return withWeights(new Weights(stored.bits, stored.groupSize, stored.downBits, true));
  }

  private Scheme withWeights(Weights other) {
    return new Scheme(name, precision, Optional.of(other), activations, transforms, cache);
  }

  private Scheme withCache(int bits) {
    ActivationQuantizer perHead = ActivationQuantizer.dynamic(bits, false, Strategy.HEAD, 1);
    return new Scheme(name, precision, weights, activations, transforms, Optional.of(perHead));
  }

  /** All known schemes, float ones first. */
  public static List<Scheme> all() {
    return List.copyOf(KNOWN.values());
  }

  /**
   * The scheme of a name, in any case.
   *
   * @throws BitAtlasException naming the known ones
   */
  public static Scheme named(String name) {
    Scheme scheme = KNOWN.get(name.strip().toLowerCase(Locale.ROOT));
    if (scheme == null) {
      throw new BitAtlasException(
          "There is no scheme '%s'; known are %s."
              .formatted(name, String.join(", ", KNOWN.keySet())));
    }
    return scheme;
  }

  /** The scheme in words, for example {@code weights 4 bits in groups of 128, inputs 8 bits}. */
  public String words() {
    if (weights.isEmpty()) {
      return "float";
    }
    Weights stored = weights.get();
    String inputs =
        activations
            .map(quantizer ->
                ", inputs %d bits %s"
                    .formatted(
                        quantizer.bits(),
                        quantizer.strategy() == Strategy.TOKEN
                            ? "per token, found at run time"
                            : "per tensor, fixed"))
            .orElse(", inputs float");
    String bits = stored.binary() ? "binary" : stored.bits + " bits";
    String down =
        stored.downBits == stored.bits ? "" : " (down projections %d)".formatted(stored.downBits);
    return "weights %s%s %s"
            .formatted(
                bits,
                down,
                stored.groupSize == 0 ? "per channel" : "in groups of " + stored.groupSize)
        + (stored.secondScales ? " with second scales" : "")
        + inputs
        + cache
            .map(quantizer -> ", keys and values %d bits per head".formatted(quantizer.bits()))
            .orElse("")
        + (transforms ? ", FlatQuant's transforms" : "");
  }
}
