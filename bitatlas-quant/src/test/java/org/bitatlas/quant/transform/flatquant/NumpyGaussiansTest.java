package org.bitatlas.quant.transform.flatquant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.bitatlas.quant.Golden;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NumpyGaussiansTest {

  private static final int SEEDS = 20_000;

  /** {@code numpy.random.seed(0); numpy.random.randn(4)}. */
  @Test
  void aSeedGivesNumpysNumbers() {
    NumpyGaussians random = new NumpyGaussians(0);
    double[] numbers = new double[4];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.next();
    }
    assertThat(numbers)
        .containsExactly(
            new double[] {
              1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458
            },
            within(1e-15));
  }

  @Test
  void leavingNumbersOutIsDrawingThem() {
    NumpyGaussians one = new NumpyGaussians(7);
    NumpyGaussians other = new NumpyGaussians(7);
    one.skip(1001);
    for (int i = 0; i < 1001; i++) {
      other.next();
    }
    assertThat(one.next()).isEqualTo(other.next());
  }

  /** The cases do not name their seed; some seed gives all of their initial factors. */
  @Test
  void theReferencesInitialFactorsAreDrawn(@TempDir Path folder) throws IOException {
    for (Path json : Golden.list(Golden.folder("flatquant"), ".json")) {
      String name = json.getFileName().toString();
      if (name.startsWith("train_")) {
        try (GoldenCase golden =
            new GoldenCase(json, Files.createDirectory(folder.resolve(name)))) {
          check(golden);
        }
      }
    }
  }

  private static void check(GoldenCase golden) {
    Map<String, float[]> first = golden.stage("init", 0);
    float[] expected = first.getOrDefault("ln_trans.left.u", first.get("ln_trans.left.matrix"));
    OptionalLong seed =
        LongStream.range(0, SEEDS).filter(candidate -> startsWith(candidate, expected)).findFirst();
    Assumptions.assumeTrue(seed.isPresent(), "drawn with a seed above " + SEEDS);
    for (int layer = 0; layer < golden.layers(); layer++) {
      Map<String, float[]> factors = golden.stage("init", layer);
      for (Parameter parameter : golden.drawn(layer, seed.getAsLong()).list()) {
        if (!parameter.name().endsWith(".channels")) {
          assertThat(Norms.relativeError(parameter.values(), factors.get(parameter.name())))
              .as("%s of layer %d", parameter.name(), layer)
              .isLessThan(1e-6);
        }
      }
    }
  }

  /** The first column of Q is that of the Gaussian matrix, normalised. */
  private static boolean startsWith(long seed, float[] expected) {
    int size = (int) Math.sqrt(expected.length);
    NumpyGaussians random = new NumpyGaussians(seed);
    double[] column = new double[size];
    double squares = 0;
    for (int i = 0; i < size; i++) {
      column[i] = random.next();
      squares += column[i] * column[i];
      random.skip(size - 1);
    }
    for (int i = 0; i < size; i++) {
      if (Math.abs(column[i] / Math.sqrt(squares) - expected[i * size]) > 1e-5) {
        return false;
      }
    }
    return true;
  }
}
