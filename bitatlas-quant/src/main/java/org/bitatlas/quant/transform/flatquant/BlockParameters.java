package org.bitatlas.quant.transform.flatquant;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.tensor.Gradients;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * The parameters of one block by name, in a fixed order. Transforms bear the reference's names:
 * {@code ln_trans}, {@code up_gate_trans} and {@code down_trans} with {@code left}, {@code right}
 * and {@code channels}; {@code o_trans}, {@code vcache_trans}, {@code kcache_trans}. A factor is
 * {@code u}, {@code sigma}, {@code v}, or {@code matrix}. Clipping factors: {@code
 * q_proj.weight_low}, {@code q_proj.input_high}, {@code k_cache.low} and so on; tied ones of inputs
 * are {@code ln_trans.clip}, {@code o_trans.clip} and so on. With two factors {@code o_trans} has
 * {@code left} and {@code right}.
 */
final class BlockParameters {

  static final String HEADS = "o_trans";
  static final String VALUES = "vcache_trans";
  static final String KEYS = "kcache_trans";
  static final String KEY_CACHE = "k_cache";
  static final String VALUE_CACHE = "v_cache";
  private static final String TIED_CLIP = ".clip";

  private final SequencedMap<String, Parameter> parameters;

  BlockParameters(List<Parameter> parameters) {
    this.parameters = new LinkedHashMap<>();
    parameters.forEach(parameter -> this.parameters.put(parameter.name(), parameter));
  }

  /** Name of the transform of a group's input; ATTENTION_OUTPUT has {@link #HEADS} instead. */
  static String transformOf(InputGroup group) {
    return switch (group) {
      case ATTENTION -> "ln_trans";
      case MLP -> "up_gate_trans";
      case MLP_OUTPUT -> "down_trans";
      case ATTENTION_OUTPUT -> HEADS;
    };
  }

  /** Name of the factor on the lower end of the range of a projection's input. */
  static String lowClip(Projection projection, Quantization quantization) {
    return inputClip(projection, quantization, "low");
  }

  /** Name of the factor on the upper end; where they are tied, the same. */
  static String highClip(Projection projection, Quantization quantization) {
    return inputClip(projection, quantization, "high");
  }

  private static String inputClip(Projection projection, Quantization quantization, String end) {
    return quantization.tiedClips()
        ? transformOf(InputGroup.of(projection)) + TIED_CLIP
        : nameOf(projection) + ".input_" + end;
  }

  /** Whether a parameter is a clipping factor of activations, before the sigmoid. */
  static boolean isActivationClip(String name) {
    return name.contains(".input_") || name.contains("_cache.") || name.endsWith(TIED_CLIP);
  }

  /** The last part of a projection's path, for example {@code q_proj}. */
  static String nameOf(Projection projection) {
    return projection.path().substring(projection.path().indexOf('.') + 1);
  }

  /**
   * The parameters training starts from: random orthogonal factors, singular values of 1, clipping
   * factors of sigmoid(4). The factors are those the reference draws with this seed, block after
   * block.
   *
   * @param layer block index
   * @param directInverse whether factors are free matrices
   * @param channels initial channel scales c of ATTENTION, MLP and MLP_OUTPUT
   * @param seed numpy's seed
   */
  static BlockParameters initial(
      Architecture architecture,
      int layer,
      Quantization quantization,
      boolean directInverse,
      Map<InputGroup, float[]> channels,
      long seed) {
    FactorSizes sizes = FactorSizes.of(architecture, layer, quantization);
    NumpyGaussians random = new NumpyGaussians(seed);
    random.skip(layer * sizes.numbers() * (directInverse ? 1 : 2));
    Initial list = new Initial(directInverse, random);
    sizes.sizes().forEach(list::factor);
    channels.forEach(
        (group, scales) -> list.add(Parameter.vector(transformOf(group) + ".channels", scales)));
    if (quantization.roundsKeys()) {
      list.clips(KEY_CACHE + ".");
    }
    if (quantization.roundsValues()) {
      list.clips(VALUE_CACHE + ".");
    }
    for (Projection projection : Projection.values()) {
      String name = nameOf(projection);
      int rows = architecture.outputFeatures(projection);
      list.add(Parameter.rowClip(name + ".weight_low", rows));
      list.add(Parameter.rowClip(name + ".weight_high", rows));
      if (quantization.roundsInputs() && !quantization.tiedClips()) {
        list.clips(name + ".input_");
      }
    }
    if (quantization.roundsInputs() && quantization.tiedClips()) {
      for (InputGroup group : InputGroup.values()) {
        list.add(Parameter.clip(transformOf(group) + TIED_CLIP));
      }
    }
    return new BlockParameters(list.parameters);
  }

  private record Initial(boolean directInverse, NumpyGaussians random, List<Parameter> parameters) {

    Initial(boolean directInverse, NumpyGaussians random) {
      this(directInverse, random, new ArrayList<>());
    }

    void add(Parameter parameter) {
      parameters.add(parameter);
    }

    void factor(String name, int size) {
      if (directInverse) {
        add(Parameter.matrix(name + ".matrix", RandomOrthogonal.matrix(size, random), size));
        return;
      }
      add(Parameter.matrix(name + ".u", RandomOrthogonal.matrix(size, random), size));
      add(Parameter.matrix(name + ".v", RandomOrthogonal.matrix(size, random), size));
      add(Parameter.ones(name + ".sigma", size));
    }

    void clips(String prefix) {
      add(Parameter.clip(prefix + "low"));
      add(Parameter.clip(prefix + "high"));
    }
  }

  /** The parameters, in order. */
  List<Parameter> list() {
    return List.copyOf(parameters.values());
  }

  /** Tensors of the values that gradients can be taken by, in order. */
  SequencedMap<String, Tensor> variables() {
    SequencedMap<String, Tensor> variables = constants();
    variables.replaceAll((_, tensor) -> Gradients.variable(tensor));
    return variables;
  }

  /** Tensors of the values, in order. */
  SequencedMap<String, Tensor> constants() {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    parameters.forEach(
        (name, parameter) -> tensors.put(name, Tensor.from(parameter.values(), parameter.shape())));
    return tensors;
  }

  /** Whether all values are finite and every transform has a finite inverse. */
  boolean usable() {
    try (TensorScope _ = TensorScope.open()) {
      return BlockTransforms.of(constants()).finite()
          && parameters.values().stream().allMatch(Parameter::finite);
    } catch (Factor.SingularException singular) {
      return false;
    }
  }

  /** A copy of the values, in order. */
  List<float[]> copyValues() {
    return parameters.values().stream().map(parameter -> parameter.values().clone()).toList();
  }

  /** Puts copied values back. */
  void restore(List<float[]> values) {
    int i = 0;
    for (Parameter parameter : parameters.values()) {
      System.arraycopy(values.get(i++), 0, parameter.values(), 0, parameter.values().length);
    }
  }
}
