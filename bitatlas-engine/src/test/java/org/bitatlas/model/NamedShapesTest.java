package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamedShapesTest {

  @Test
  void aSuffixTakesTheFirstLayers() {
    Architecture whole = NamedShapes.named("openPangu-7B");

    assertThat(whole.layers()).isEqualTo(34);
    assertThat(NamedShapes.named("openpangu-7b:4-layers")).isEqualTo(whole.withLayers(4));
    assertThat(NamedShapes.named("openpangu-7b:1-layer").layers()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {":0-layers", ":35-layers", ":4", ":-layers", ":-1-layers", ":"})
  void otherSuffixesAreRefused(String suffix) {
    assertThatThrownBy(() -> NamedShapes.named("openpangu-7b" + suffix))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("1 to 34");
  }

  @Test
  void anUnknownNameListsTheKnownOnes() {
    assertThatThrownBy(() -> NamedShapes.named("gpt"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("openpangu-1b");
  }
}
