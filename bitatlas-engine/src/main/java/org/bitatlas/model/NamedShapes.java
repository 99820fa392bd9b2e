package org.bitatlas.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Architectures of published models by name, for questions that need no weights: how long, how
 * much. From the models' {@code config.json}; a folder's own file is what counts for its weights.
 */
public final class NamedShapes {

  private static final SequencedMap<String, Architecture> SHAPES = shapes();

  private NamedShapes() {}

  private static SequencedMap<String, Architecture> shapes() {
    SequencedMap<String, Architecture> shapes = new LinkedHashMap<>();
    shapes.put("openpangu-1b", pangu(1536, 6144, 26, 12, 6, 4e6, true));
    shapes.put("openpangu-7b", pangu(4096, 12_800, 34, 32, 8, 16e6, false));
    shapes.put("r1-distill-qwen-1.5b", qwen(1536, 8960, 28, 12, 2, 151_936, 1e-6, 1e4));
    shapes.put("r1-distill-qwen-7b", qwen(3584, 18_944, 28, 28, 4, 152_064, 1e-6, 1e4));
    shapes.put("r1-distill-qwen-14b", qwen(5120, 13_824, 48, 40, 8, 152_064, 1e-5, 1e6));
    shapes.put("qwq-32b", qwen(5120, 27_648, 64, 40, 8, 152_064, 1e-5, 1e6));
    shapes.put("llama-2-7b", llama2(4096, 11_008, 32, 32));
    return shapes;
  }

  /** The known names. */
  public static List<String> names() {
    return List.copyOf(SHAPES.keySet());
  }

  /**
   * The architecture of a name, in any case; {@code name:4-layers} is the same with four blocks.
   *
   * @throws BitAtlasException naming the known ones, or when there are not that many layers
   */
  public static Architecture named(String name) {
    String[] parts = name.toLowerCase(Locale.ROOT).split(":", 2);
    Architecture shape = SHAPES.get(parts[0]);
    if (shape == null) {
      throw new BitAtlasException(
          "There is no shape '%s'; known are %s, or give a model folder."
              .formatted(name, String.join(", ", SHAPES.keySet())));
    }
    return parts.length == 1 ? shape : shape.withLayers(layers(name, parts[1], shape.layers()));
  }

  private static int layers(String name, String text, int most) {
    String digits = text.replaceFirst("-layers?$", "");
    int layers =
        digits.length() < text.length() && digits.matches("[0-9]{1,4}")
            ? Integer.parseInt(digits)
            : 0;
    if (layers < 1 || layers > most) {
      throw new BitAtlasException(
          "The shape '%s' should end with a number of layers from 1 to %d, as in %s:4-layers."
              .formatted(name, most, name.split(":", 2)[0]));
    }
    return layers;
  }

  private static Architecture pangu(
      int width,
      int intermediate,
      int layers,
      int heads,
      int keyValueHeads,
      double theta,
      boolean tied) {
    return new Architecture(
        "PanguEmbeddedForCausalLM",
        153_376,
        width,
        intermediate,
        layers,
        heads,
        keyValueHeads,
        width / heads,
        1e-5,
        new RotaryEmbedding.Plain(theta),
        true,
        true,
        false,
        tied,
        32_768,
        0,
        List.of(),
        1,
        List.of(45_892));
  }

  private static Architecture qwen(
      int width,
      int intermediate,
      int layers,
      int heads,
      int keyValueHeads,
      int vocabulary,
      double epsilon,
      double theta) {
    return new Architecture(
        "Qwen2ForCausalLM",
        vocabulary,
        width,
        intermediate,
        layers,
        heads,
        keyValueHeads,
        width / heads,
        epsilon,
        new RotaryEmbedding.Plain(theta),
        true,
        false,
        false,
        false,
        131_072,
        0,
        List.of(),
        151_643,
        List.of(151_643));
  }

  private static Architecture llama2(int width, int intermediate, int layers, int heads) {
    return new Architecture(
        "LlamaForCausalLM",
        32_000,
        width,
        intermediate,
        layers,
        heads,
        heads,
        width / heads,
        1e-5,
        new RotaryEmbedding.Plain(1e4),
        false,
        false,
        false,
        false,
        4096,
        0,
        List.of(),
        1,
        List.of(2));
  }
}
