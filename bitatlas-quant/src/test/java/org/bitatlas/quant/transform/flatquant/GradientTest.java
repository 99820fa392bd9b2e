package org.bitatlas.quant.transform.flatquant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.quant.method.FlatForm;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.Gradients;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Without rounding to whole numbers gradients are derivatives: they agree with difference
 * quotients. Transforms, scales and clipping stay in.
 */
class GradientTest {

  private static final StraightThrough EXACT = new StraightThrough(false);

  /** One linear of a [4 x 6] input in fp64, every element of every parameter. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyDerivativeOfALinear(boolean symmetric) {
    SplittableRandom random = new SplittableRandom(1);
    SequencedMap<String, double[]> parameters = new LinkedHashMap<>();
    parameters.put("left.u", gaussians(16, 1, 0, random));
    parameters.put("left.sigma", gaussians(4, 0.1, 1, random));
    parameters.put("left.v", gaussians(16, 1, 0, random));
    parameters.put("right", gaussians(36, 1, 0, random));
    parameters.put("channels", gaussians(24, 0.1, 1, random));
    parameters.put("weight_low", gaussians(5, 0.5, 1, random));
    parameters.put("weight_high", gaussians(5, 0.5, 1, random));
    parameters.put("input_low", gaussians(1, 0, 1, random));
    parameters.put("input_high", gaussians(1, 0, 1.5, random));
    try (TensorScope _ = TensorScope.open()) {
      Tensor weight = Tensor.fromDoubles(gaussians(5 * 24, 1, 0, random), 5, 24);
      Tensor input = Tensor.fromDoubles(gaussians(7 * 24, 1, 0, random), 7, 24);
      SequencedMap<String, Tensor> variables = tensors(parameters);
      variables.replaceAll((_, tensor) -> Gradients.variable(tensor));
      List<Tensor> gradients =
          Gradients.of(loss(variables, weight, input, symmetric), List.copyOf(variables.values()));
      int number = 0;
      for (Map.Entry<String, double[]> parameter : parameters.entrySet()) {
        double[] gradient = gradients.get(number++).toDoubles();
        double[] values = parameter.getValue();
        for (int i = 0; i < values.length; i++) {
          double origin = values[i];
          values[i] = origin + 1e-6;
          double above = loss(tensors(parameters), weight, input, symmetric).item();
          values[i] = origin - 1e-6;
          double below = loss(tensors(parameters), weight, input, symmetric).item();
          values[i] = origin;
          assertThat(gradient[i])
              .as("%s[%d]", parameter.getKey(), i)
              .isCloseTo((above - below) / 2e-6, within(1e-5 * (1 + Math.abs(gradient[i]))));
        }
      }
    }
  }

  private static Tensor loss(
      Map<String, Tensor> parameters, Tensor weight, Tensor input, boolean symmetric) {
    Kronecker transform =
        new Kronecker(
            parameters.get("channels"),
            Factor.ofSingularValues(
                parameters.get("left.u"), parameters.get("left.sigma"), parameters.get("left.v")),
            Factor.ofMatrix(parameters.get("right")));
    Tensor clipped =
        WeightClip.apply(
            transform.weight(weight), parameters.get("weight_low"), parameters.get("weight_high"));
    Tensor rows =
        Kronecker.apply(
            input.mul(transform.channels()), transform.left().matrix(), transform.right().matrix());
    Tensor rounded =
        EXACT.activations(
            rows,
            4,
            symmetric,
            parameters.get("input_low").sigmoid(),
            parameters.get("input_high").sigmoid());
    Tensor output = rounded.linear(EXACT.weight(clipped, 3), Optional.empty());
    return output.mul(output).sum();
  }

  private static SequencedMap<String, Tensor> tensors(SequencedMap<String, double[]> parameters) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    parameters.forEach((name, values) -> {
      long size = Math.round(Math.sqrt(values.length));
      boolean matrix = size * size == values.length && size > 2 && !name.endsWith("sigma");
      boolean rows = name.startsWith("weight");
      tensors.put(
          name,
          matrix
              ? Tensor.fromDoubles(values, size, size)
              : rows
                  ? Tensor.fromDoubles(values, values.length, 1)
                  : Tensor.fromDoubles(values, values.length));
    });
    return tensors;
  }

  private static double[] gaussians(
      int count, double deviation, double mean, SplittableRandom random) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = mean + deviation * random.nextGaussian();
    }
    return values;
  }

  /** The whole block, which computes in fp32, along a direction per parameter. */
  @ParameterizedTest
  @CsvSource({
    "false, SEPARATE, HEADS",
    "true, SEPARATE, HEADS",
    "false, TIED, KRONECKER",
    "true, TIED, KRONECKER"
  })
  void derivativesOfABlock(boolean directInverse, FlatForm.Clip clip, FlatForm.Output output)
      throws IOException {
    FlatForm form = new FlatForm(clip, output, FlatForm.Type.FLOAT32);
    try (RandomBlock model = new RandomBlock();
        DecoderBlock block = model.load();
        Tiles tiles = new Tiles(2);
        TensorScope _ = TensorScope.open()) {
      BaseWeights base = BaseWeights.of(block);
      TrainingData data = FlatQuantSearchTest.gather(block, model.inputs(2, 12), tiles);
      Quantization quantization = Quantization.of(4, FlatQuantSearchTest.FOUR_BITS, form);
      FlatTraining training = new FlatTraining(block, base, data, quantization, EXACT, tiles);
      BlockParameters parameters =
          FlatQuantSearchTest.initial(block, base, data, quantization, directInverse);
      List<float[]> gradients = training.slope(parameters, 0, 2).orElseThrow().gradients();
      SplittableRandom random = new SplittableRandom(4);
      List<Parameter> list = parameters.list();
      for (int i = 0; i < list.size(); i++) {
        float[] gradient = gradients.get(i);
        double[] direction = direction(gradient, random);
        double expected = 0;
        for (int j = 0; j < gradient.length; j++) {
          expected += direction[j] * gradient[j];
        }
        // The loss has kinks in the transforms, none in the clipping factors.
        double step = list.get(i).rateFactor() == 1 ? 1e-4 : 1e-2;
        double noise = 3e-6 / step;
        assertThat(quotient(training, parameters, list.get(i).values(), direction, step))
            .as(list.get(i).name())
            .isCloseTo(expected, within(0.03 * Math.abs(expected) + noise));
      }
    }
  }

  /** Along the gradient, and a little elsewhere. */
  private static double[] direction(float[] gradient, SplittableRandom random) {
    double[] other = gaussians(gradient.length, 1, 0, random);
    double gradientNorm = 0;
    double otherNorm = 0;
    for (int j = 0; j < other.length; j++) {
      otherNorm += other[j] * other[j];
      gradientNorm += (double) gradient[j] * gradient[j];
    }
    for (int j = 0; j < other.length; j++) {
      other[j] = gradient[j] / Math.sqrt(gradientNorm) + 0.5 * other[j] / Math.sqrt(otherNorm);
    }
    return other;
  }

  /** Difference quotient of log(loss), whose gradient the normalised loss has. */
  private static double quotient(
      FlatTraining training,
      BlockParameters parameters,
      float[] values,
      double[] direction,
      double step) {
    float[] origin = values.clone();
    double[] logarithms = new double[2];
    for (int side = 0; side < 2; side++) {
      for (int j = 0; j < values.length; j++) {
        values[j] = (float) (origin[j] + (side == 0 ? step : -step) * direction[j]);
      }
      logarithms[side] = Math.log(training.slope(parameters, 0, 2).orElseThrow().loss());
    }
    System.arraycopy(origin, 0, values, 0, values.length);
    return (logarithms[0] - logarithms[1]) / (2 * step);
  }
}
