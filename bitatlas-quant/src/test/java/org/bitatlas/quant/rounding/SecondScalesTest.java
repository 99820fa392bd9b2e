package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scales of groups that are whole multiples of one per output channel. */
class SecondScalesTest {

  private static final int ROWS = 40;
  private static final int COLUMNS = 256;

  private static Recipe recipe(int bits, boolean second) {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("method", "rtn");
    options.put("bits", bits);
    options.put("group_size", 32);
    options.put("sym", true);
    options.put("second_scale", second);
    return Recipe.parse(options);
  }

  private static float[] weights() {
    SplittableRandom random = new SplittableRandom(2);
    float[] weights = new float[ROWS * COLUMNS];
    for (int i = 0; i < weights.length; i++) {
      // Groups of one row differ in size, as outliers make them.
      weights[i] = (float) (random.nextGaussian() * (0.01 + 0.02 * (i / 32 % 5)));
    }
    return weights;
  }

  private static GridLinear rounded(Recipe recipe) {
    try (Tiles tiles = new Tiles(2)) {
      return ColumnSweep.round(weights(), ROWS, COLUMNS, recipe, Optional.empty(), tiles).linear();
    }
  }

  private static double error(GridLinear linear) {
    float[] weights = weights();
    float[] found = linear.dequantize();
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += Math.pow(found[i] - weights[i], 2);
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void codesTimesSecondScalesAreSignedBytes(int bits) {
    GridLinear linear = rounded(recipe(bits, true));
    byte[] seconds = linear.secondScales();
    int largest = 127 >> (bits - 1);
    for (int row = 0; row < ROWS; row++) {
      int most = 0;
      for (int group = 0; group < linear.groups(); group++) {
        int cell = row * linear.groups() + group;
        most = Math.max(most, seconds[cell]);
        assertThat(linear.scales()[cell])
            .isEqualTo(linear.channelScales().orElseThrow()[row] * seconds[cell]);
      }
      assertThat(most).isBetween(largest - 1, largest);
    }
    for (int k = 0; k < COLUMNS; k++) {
      int integer = (linear.code(3, k) - (1 << (bits - 1))) * seconds[3 * linear.groups() + k / 32];
      assertThat(integer).isBetween(-128, 127);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void costsLittleAgainstScalesInFloat(int bits) {
    double floats = error(rounded(recipe(bits, false)));
    double channel =
        error(
            rounded(
                Recipe.parse(Map.of("method", "rtn", "bits", bits, "group_size", 0, "sym", true))));
    double second = error(rounded(recipe(bits, true)));
    assertThat(second).isLessThan(1.1 * floats);
    assertThat(channel).isGreaterThan(1.5 * floats);
  }

  @Test
  void areAnOptionOfARecipe() {
    Recipe recipe = recipe(4, true);
    assertThat(recipe.label()).contains("second-scale");
    assertThat(Recipe.parse(recipe.describe())).isEqualTo(recipe);
    assertThat(recipe(4, false).describe()).doesNotContainKey("second_scale");
    for (Map<String, Object> wrong :
        List.<Map<String, Object>>of(
            Map.of("method", "rtn", "bits", 8, "group_size", 32, "sym", true),
            Map.of("method", "rtn", "bits", 4, "group_size", 0, "sym", true),
            Map.of("method", "rtn", "bits", 4, "group_size", 32, "sym", false))) {
      Map<String, Object> options = new LinkedHashMap<>(wrong);
      options.put("second_scale", true);
      assertThatThrownBy(() -> Recipe.parse(options))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("1 to 4 bits, groups and a symmetric grid");
    }
  }
}
