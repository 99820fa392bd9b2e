package org.bitatlas.format.modelslim;

import java.util.Locale;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.GridLayer;
import org.bitatlas.kernel.ascend.KroneckerQuantization;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.KroneckerSizes;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;

/** Which {@link LinearType} holds a layer on a grid with what happens to its input, exactly. */
final class TypeChoice {

  private static final int BYTE = 8;
  private static final int NIBBLE = 4;

  private TypeChoice() {}

  /**
   * The type.
   *
   * @throws FormatRefusal when none holds the layer
   */
  static LinearType of(String module, GridLayer grid, LinearActivations around) {
    requireSymmetric(module, grid);
    if (around.output().isPresent()) {
      throw refusal(module, "its output is rounded, which no type of the format does");
    }
    boolean grouped = grid.groups() > 1;
    if (grouped) {
      return grouped(module, grid, around);
    }
    if (around.input().isEmpty()) {
      requireNoTransform(module, around, "weights only");
      return LinearType.W8A16;
    }
    ActivationQuantizer input = around.input().get();
    if (!input.dynamic()) {
      requireNoTransform(module, around, "static activations");
      if (input.bits() != BYTE) {
        throw refusal(module, "static activations have 8 bits there, and its have " + input.bits());
      }
      return LinearType.W8A8;
    }
    requirePerToken(module, input);
    if (input.bits() == NIBBLE && grid.bits() <= NIBBLE) {
      return fourBits(module, grid, around, input);
    }
    if (input.bits() != BYTE) {
      throw refusal(
          module,
          "W%dA%d has no type there; activations have 8 bits, or 4 with weights of 4"
              .formatted(grid.bits(), input.bits()));
    }
    requireNoTransform(module, around, "activations of 8 bits");
    requireUnclipped(module, input, "W8A8_DYNAMIC");
    return LinearType.W8A8_DYNAMIC;
  }

  private static LinearType grouped(String module, GridLayer grid, LinearActivations around) {
    requireNoTransform(module, around, "weights in groups");
    if (grid.bits() > NIBBLE) {
      throw refusal(
          module,
          "it has %d bits in groups of %d, and only weights of 4 bits have groups there; use one scale per output channel"
              .formatted(grid.bits(), grid.groupSize()));
    }
    if (around.input().isPresent()) {
      ActivationQuantizer input = around.input().get();
      requirePerToken(module, input);
      requireUnclipped(module, input, "W4A8_DYNAMIC");
      if (input.bits() != BYTE) {
        throw refusal(
            module,
            "W4A%d in groups has no type there; leave activations in 16 or 8 bits"
                .formatted(input.bits()));
      }
    }
    if (grid.inputFeatures() % grid.groupSize() != 0 || grid.outputFeatures() % 2 != 0) {
      throw refusal(
          module,
          "its %d x %d weights do not divide into pairs of rows and groups of %d columns"
              .formatted(grid.outputFeatures(), grid.inputFeatures(), grid.groupSize()));
    }
    return LinearType.W4A8_DYNAMIC;
  }

  private static LinearType fourBits(
      String module, GridLayer grid, LinearActivations around, ActivationQuantizer input) {
    int features = grid.inputFeatures();
    if (features % BYTE != 0) {
      throw refusal(module, features + " input features are not a multiple of 8");
    }
    if (around.transform().isEmpty()) {
      if (input.clipLow() == 1 && input.clipHigh() == 1) {
        return LinearType.W4A4_DYNAMIC;
      }
      requireFactors(module, features);
      return LinearType.W4A4_FLATQUANT_DYNAMIC;
    }
    KroneckerTransform transform = around.transform().get();
    KroneckerSizes sizes = requireFactors(module, features);
    if (transform.leftSize() != sizes.left() || transform.rightSize() != sizes.right()) {
      throw refusal(
          module,
          "its transform has factors of %d and %d, and vLLM-Ascend's have %d and %d for %d features; quantize with o_trans=kronecker (recipe w4a4-ascend)"
              .formatted(
                  transform.leftSize(),
                  transform.rightSize(),
                  sizes.left(),
                  sizes.right(),
                  features));
    }
    if (input.clipLow() != input.clipHigh()) {
      throw refusal(
          module,
          "its range is clipped by different factors below and above; quantize with lac=tied"
              + " (recipe w4a4-ascend)");
    }
    return LinearType.W4A4_FLATQUANT_DYNAMIC;
  }

  private static KroneckerSizes requireFactors(String module, int features) {
    KroneckerQuantization.objection(features)
        .ifPresent(why -> {
          throw refusal(module, why);
        });
    return KroneckerSizes.of(features).orElseThrow();
  }

  private static void requireSymmetric(String module, GridLayer grid) {
    if (grid.bits() == 1 || !grid.centred()) {
      throw refusal(
          module,
          "its weights are asymmetric: ModelSlim and the NPU's operators read weight offsets with"
              + " opposite signs, so only symmetric weights are safe; quantize with a symmetric"
              + " grid");
    }
    if (grid.scattered()) {
      throw refusal(
          module,
          "its groups are scattered over columns; quantize without act_order, or with static"
              + " groups");
    }
  }

  private static void requirePerToken(String module, ActivationQuantizer input) {
    if (!input.symmetric() || input.strategy() != Strategy.TOKEN) {
      throw refusal(
          module,
          "its activations are %s and found per %s, and ranges found at run time are symmetric and per token there"
              .formatted(
                  input.symmetric() ? "symmetric" : "asymmetric",
                  input.strategy().name().toLowerCase(Locale.ROOT)));
    }
  }

  private static void requireUnclipped(String module, ActivationQuantizer input, String type) {
    if (input.clipLow() != 1 || input.clipHigh() != 1) {
      throw refusal(module, type + " does not clip the range of activations");
    }
  }

  private static void requireNoTransform(
      String module, LinearActivations around, String situation) {
    if (around.transform().isPresent()) {
      throw refusal(
          module,
          "its input is transformed while the model runs, and with %s no type does that"
              .formatted(situation));
    }
  }

  static FormatRefusal refusal(String module, String reason) {
    return FormatRefusal.of(FormatName.MODELSLIM, module, reason);
  }
}
