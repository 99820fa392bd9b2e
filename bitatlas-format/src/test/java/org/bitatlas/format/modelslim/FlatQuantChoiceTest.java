package org.bitatlas.format.modelslim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.TinyModel;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.junit.jupiter.api.Test;

/** What W4A4_FLATQUANT_DYNAMIC holds, and what it does not. */
class FlatQuantChoiceTest {

  private static final ActivationQuantizer ONE_CLIP =
      ActivationQuantizer.dynamic(4, true, Strategy.TOKEN, 0.9f);

  private static LinearType choose(
      int columns, int left, boolean rightFactor, ActivationQuantizer input) {
    int right = columns / left;
    KroneckerTransform transform =
        new KroneckerTransform(
            left,
            right,
            Optional.of(LayerTensors.identity(left)),
            rightFactor ? Optional.of(LayerTensors.identity(right)) : Optional.empty());
    return TypeChoice.of(
        "m",
        GridLayer.of("layer", TinyModel.grid(8, columns, 4, columns, 1)),
        new LinearActivations(Optional.of(transform), Optional.of(input), Optional.empty()));
  }

  private static void refused(
      int columns, int left, boolean rightFactor, ActivationQuantizer input, String... words) {
    assertThatThrownBy(() -> choose(columns, left, rightFactor, input))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void takesTheFactorsOfTheLoaderWithOneClip() {
    assertThat(choose(128, 8, true, ONE_CLIP)).isEqualTo(LinearType.W4A4_FLATQUANT_DYNAMIC);
    assertThat(choose(64, 8, false, ONE_CLIP)).isEqualTo(LinearType.W4A4_FLATQUANT_DYNAMIC);
  }

  @Test
  void refusesOtherFactorsRangesAndWidthsWithTheRemedy() {
    refused(128, 4, false, ONE_CLIP, "4 and 32", "8 and 16", "o_trans=kronecker", "w4a4-ascend");
    ActivationQuantizer twoClips =
        new ActivationQuantizer(4, true, Strategy.TOKEN, 0.9f, 0.8f, 0, 0);
    refused(128, 8, true, twoClips, "different factors below and above", "lac=tied");
    refused(40, 4, true, ONE_CLIP, "multiple of 8", "40 features have 4 and 10");
  }
}
