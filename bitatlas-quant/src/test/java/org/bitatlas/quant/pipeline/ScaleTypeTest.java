package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.bitatlas.quant.method.Profile;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;

class ScaleTypeTest {

  @Test
  void scalesAreKeptAsTheProfileStoresThem() {
    GridLinear linear =
        GridLinear.of(
            1,
            2,
            4,
            2,
            true,
            new byte[] {1, 2},
            new float[] {0.1f},
            new byte[] {8},
            Optional.empty());

    assertThat(ScaleType.stored(linear, Profile.REFERENCE, ElementType.BF16)).isSameAs(linear);
    assertThat(ScaleType.stored(linear, Profile.VLLM, ElementType.F32)).isSameAs(linear);
    assertThat(((GridLinear) ScaleType.stored(linear, Profile.VLLM, ElementType.BF16)).scales())
        .containsExactly(0.10009765625f);
    assertThat(((GridLinear) ScaleType.stored(linear, Profile.ASCEND, ElementType.F16)).scales())
        .containsExactly(0.0999755859375f);
  }

  @Test
  void halvesGoToTheEvenNeighbour() {
    assertThat(ScaleType.bfloat16(1 + 0x1p-8f)).isEqualTo(1);
    assertThat(ScaleType.bfloat16(1 + 3 * 0x1p-8f)).isEqualTo(1 + 0x1p-6f);
    assertThat(ScaleType.bfloat16(1 + 0x1p-8f + 0x1p-20f)).isEqualTo(1 + 0x1p-7f);
  }
}
