package org.bitatlas.kernel;

import java.util.Optional;
import org.bitatlas.kernel.ascend.KroneckerQuantization;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerSizes;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The types of quantized linear layers that vLLM-Ascend executes, by its names. What each computes:
 * docs/ascend-numerics.md.
 */
public enum AscendScheme {
  /** Integer product, one scale and offset for all activations. */
  W8A8,
  /** Integer product, a scale per token. */
  W8A8_DYNAMIC,
  /** Weights of 8 bits become bf16. */
  W8A16,
  /**
   * Weights of up to 4 bits become bf16; the operator has it, dense layers of vLLM-Ascend do not.
   */
  W4A16,
  /**
   * The dense layer of releases up to v0.26: activations are not quantized, and the bias is not
   * added.
   */
  W4A8_DYNAMIC,
  /** Integer product of 4-bit codes, whose result is fp16 first. */
  W4A4_DYNAMIC,
  /** The same behind a transform in two factors, without the detour over fp16. */
  W4A4_FLATQUANT_DYNAMIC;

  private static final int FOUR = 4;

  /**
   * The type of a layer.
   *
   * @param module its name, for the message
   * @throws BitAtlasException where no type executes this scheme
   */
  public static AscendScheme of(String module, StoredLinear linear, LinearActivations around) {
    if (around.output().isPresent()) {
      throw refused(module, "its outputs are quantized, which no operator there does");
    }
    if (linear instanceof FloatLinear || !(linear instanceof GridLinear grid)) {
      throw refused(
          module, "codes of %s have no form that an NPU loads".formatted(linear.scheme()));
    }
    if (grid.groupIndex().isPresent()) {
      throw refused(module, "columns of its groups are not contiguous (act-order)");
    }
    Optional<ActivationQuantizer> input = around.input();
    if (around.transform().isPresent() && input.filter(q -> q.bits() == FOUR).isEmpty()) {
      throw refused(module, "only 4-bit inputs (FlatQuant's W4A4) may have an online transform");
    }
    around.transform().ifPresent(transform -> requireFactors(module, transform));
    return input.isEmpty()
        ? (grid.bits() > FOUR ? W8A16 : W4A16)
        : integer(module, grid, input.get(), around.transform().isPresent());
  }

  /** Those that the loader creates and the operator takes. */
  private static void requireFactors(String module, KroneckerTransform transform) {
    KroneckerQuantization.objection(transform.size())
        .ifPresent(why -> {
          throw refused(module, why);
        });
    KroneckerSizes held = KroneckerSizes.of(transform.size()).orElseThrow();
    if (transform.leftSize() != held.left() || transform.rightSize() != held.right()) {
      throw refused(
          module,
          "its online transform has factors of %d and %d, and there they have %d and %d"
              .formatted(transform.leftSize(), transform.rightSize(), held.left(), held.right()));
    }
  }

  private static AscendScheme integer(
      String module, GridLinear grid, ActivationQuantizer input, boolean transformed) {
    boolean perToken = input.dynamic() && input.symmetric() && input.strategy() == Strategy.TOKEN;
    if (!perToken && input.dynamic()) {
      throw refused(
          module, "inputs are quantized there symmetrically per token, or with a static range");
    }
    boolean clipped = input.clipLow() != 1 || input.clipHigh() != 1;
    boolean oneClip = input.clipLow() == input.clipHigh();
    if (clipped && !(transformed && oneClip)) {
      throw refused(module, "ranges of inputs are clipped only by W4A4_FLATQUANT_DYNAMIC");
    }
    if (input.bits() != FOUR && input.bits() != Byte.SIZE) {
      throw refused(module, "inputs have %d bits; 8 and 4 are known".formatted(input.bits()));
    }
    if (grid.bits() <= FOUR && input.bits() == Byte.SIZE && perToken) {
      return W4A8_DYNAMIC;
    }
    if (grid.groups() > 1 || !IntegerRows.middleEverywhere(grid)) {
      throw refused(
          module, "integer products take symmetric weights with one scale per output channel");
    }
    if (input.bits() == Byte.SIZE) {
      return perToken ? W8A8_DYNAMIC : W8A8;
    }
    if (grid.bits() > FOUR || !perToken) {
      throw refused(module, "4-bit inputs go with 4-bit weights, and a scale per token");
    }
    return transformed ? W4A4_FLATQUANT_DYNAMIC : W4A4_DYNAMIC;
  }

  /** Whether the bias of a layer is left out there. */
  public boolean dropsBias() {
    return this == W4A8_DYNAMIC;
  }

  private static BitAtlasException refused(String module, String why) {
    return new BitAtlasException(
        "Ascend has no arithmetic for %s: %s; choose another scheme, or leave --numerics out."
            .formatted(module, why));
  }
}
