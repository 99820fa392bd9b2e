package org.bitatlas.quant.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumMap;
import java.util.Map;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.method.Transform.SmoothQuant;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;

/** What holds of smoothing whatever the reference does. */
class SmoothQuantSearchTest {

  private static final int LENGTH = 12;
  private static final float[] HIDDEN = RandomBlock.hidden(3, LENGTH, 1);

  private static Map<InputGroup, float[]> maxima(RandomBlock random) {
    Map<InputGroup, float[]> maxima = new EnumMap<>(InputGroup.class);
    LinearInputObserver observer =
        (projection, input) ->
            maxima.put(
                InputGroup.of(projection),
                input.abs().reshape(-1, input.size(-1)).amax(0).toFloats());
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden = Tensor.from(HIDDEN, 3, LENGTH, RandomBlock.WIDTH);
      random.block().forward(hidden, random.block().operators(), observer);
    }
    return maxima;
  }

  @Test
  void theBlockComputesWhatItDid() {
    for (double alpha : new double[] {0, 0.5, 0.85, 1}) {
      try (RandomBlock random = RandomBlock.of(2, 7)) {
        float[] before = random.output(HIDDEN, LENGTH);
        random.apply(
            SmoothQuantSearch.find(random.block(), maxima(random), new SmoothQuant(alpha), false));
        float[] after = random.output(HIDDEN, LENGTH);
        assertThat(Deviation.greatestDifference(after, before))
            .as("alpha %s", alpha)
            .isLessThanOrEqualTo(1e-5 * Deviation.greatest(before));
      }
    }
  }

  @Test
  void rangesOfActivationsAndWeightsMeetInTheMiddle() {
    try (RandomBlock random = RandomBlock.of(2, 7)) {
      Map<InputGroup, float[]> before = maxima(random);
      BlockTransform found =
          SmoothQuantSearch.find(random.block(), before, SmoothQuant.DEFAULT, false);
      random.apply(found);
      float[] after = maxima(random).get(InputGroup.ATTENTION);
      for (int k = 0; k < RandomBlock.WIDTH; k++) {
        float weights = 0;
        for (Projection projection : InputGroup.ATTENTION.projections()) {
          float[] weight = found.weights().get(projection);
          for (int at = k; at < weight.length; at += RandomBlock.WIDTH) {
            weights = Math.max(weights, Math.abs(weight[at]));
          }
        }
        if (k != RandomBlock.DEAD) {
          assertThat(after[k] / weights).as("channel %d", k).isBetween(0.999f, 1.001f);
        }
      }
    }
  }

  @Test
  void channelsWithoutInputStayAsTheyAreUnlessTheQuirkIsRepeated() {
    float[] maxima = {0, 2};
    float[] weightMaxima = {0.5f, 0};
    assertThat(SmoothQuantSearch.scales(maxima, weightMaxima, 0.5, false)[0]).isEqualTo(1);
    assertThat(SmoothQuantSearch.scales(maxima, weightMaxima, 0.5, true)[0]).isEqualTo(1e-5f);
    assertThat(SmoothQuantSearch.scales(maxima, weightMaxima, 0.5, true)[1])
        .isEqualTo((float) (Math.sqrt(2) / (float) Math.sqrt(1e-5f)));
    float[] zeros = new float[2];
    assertThat(SmoothQuantSearch.scales(zeros, zeros, 0.5, false)).containsOnly(1);
  }

  @Test
  void maximaThatAreNotFiniteNameTheLayer() {
    try (RandomBlock random = RandomBlock.of(2, 7)) {
      Map<InputGroup, float[]> maxima = maxima(random);
      maxima.get(InputGroup.MLP)[3] = Float.NaN;
      assertThatThrownBy(
              () -> SmoothQuantSearch.find(random.block(), maxima, SmoothQuant.DEFAULT, false))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("model.layers.0.mlp.gate_proj")
          .hasMessageContaining("not finite");
    }
  }
}
