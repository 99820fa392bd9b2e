package org.bitatlas.format.compressed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.ExportPlan;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatLimits;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.ScaleRounding;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes compressed-tensors: {@code pack-quantized} for weights alone, {@code int-quantized} where
 * inputs are rounded too, as compressed-tensors 0.20 infers the formats.
 *
 * <p>Scales are written in the model's type where that holds every one of them exactly, as
 * llm-compressor does, else in fp32, which the format allows and some loaders round.
 *
 * @param packWithActivations whether layers whose inputs are rounded are packed too (the second
 *     stored form of W4A8); loaders need their format forced then
 * @param roundScales whether scales are rounded to the model's type where it does not hold them
 */
public record CompressedTensorsWriter(boolean packWithActivations, boolean roundScales)
    implements FormatWriter {

  /** The library's own choices. */
  public CompressedTensorsWriter() {
    this(false, false);
  }

  @Override
  public FormatName format() {
    return FormatName.COMPRESSED_TENSORS;
  }

  @Override
  public ExportPlan plan(ExportSource source) {
    SequencedMap<String, GridLayer> grids = FormatLimits.grids(source, format());
    List<String> notes = new ArrayList<>();
    ElementType scaleType = scaleType(source, notes);
    SequencedMap<String, LayerScheme> schemes = new LinkedHashMap<>();
    List<TensorData> tensors = new ArrayList<>();
    requireRoundedInputsOfGrids(source, grids);
    grids.forEach((module, grid) -> {
      LinearActivations activations = source.quantized().activationsOf(module);
      requireExpressible(module, grid, activations);
      LayerScheme scheme = LayerScheme.of(grid, activations, packWithActivations);
      schemes.put(module, scheme);
      LayerTensors layer = new LayerTensors(grid, scheme, scaleType);
      tensors.addAll(layer.weight());
      activations
          .input()
          .filter(quantizer -> !quantizer.dynamic())
          .ifPresent(
              quantizer -> tensors.addAll(LayerTensors.staticRange(module + ".input", quantizer)));
      activations
          .output()
          .filter(quantizer -> !quantizer.dynamic())
          .ifPresent(
              quantizer -> tensors.addAll(LayerTensors.staticRange(module + ".output", quantizer)));
    });
    notes(schemes, notes);
    tensors.addAll(source.floatTensors());
    ObjectNode section = QuantizationSection.of(source.architecture(), schemes);
    return ExportPlan.configured(format(), source, tensors, section, notes);
  }

  private ElementType scaleType(ExportSource source, List<String> notes) {
    ScaleRounding rounding = ScaleRounding.measure(source.quantized(), source.modelType());
    if (rounding.exact()) {
      return source.modelType();
    }
    if (!roundScales) {
      notes.add(
          "Scales are stored in fp32, because %s would change weights %s; loaders that keep scales in the model's type round them so."
              .formatted(source.modelType(), rounding.inWords()));
      return ElementType.F32;
    }
    if (!rounding.possible()) {
      throw new BitAtlasException(
          "Scales cannot be rounded to %s: one would change %s."
              .formatted(source.modelType(), rounding.inWords()));
    }
    notes.add(
        "Scales were rounded to %s, which changes weights %s."
            .formatted(source.modelType(), rounding.inWords()));
    return source.modelType();
  }

  /** The format rounds inputs of layers in its groups only, and a group quantizes the weight. */
  private void requireRoundedInputsOfGrids(
      ExportSource source, SequencedMap<String, GridLayer> grids) {
    source
        .quantized()
        .activations()
        .forEach((module, around) -> {
          boolean rounds = around.input().isPresent() || around.output().isPresent();
          if (rounds && !grids.containsKey(module)) {
            throw FormatRefusal.of(
                format(), module, "its activations are rounded but its weight is float");
          }
        });
  }

  private void requireExpressible(String module, GridLayer grid, LinearActivations activations) {
    if (grid.scattered()) {
      throw FormatRefusal.of(
          format(),
          module,
          "its groups are scattered over the columns (act order without static groups), which"
              + " compressed-tensors removed; quantize with static groups, or export to gptq");
    }
    if (grid.inputFeatures() % grid.groupSize() != 0) {
      throw FormatRefusal.of(
          format(),
          module,
          "its %d columns are no multiple of the group size %d"
              .formatted(grid.inputFeatures(), grid.groupSize()));
    }
    activations.input().ifPresent(quantizer -> requireExpressible(module, quantizer));
    activations.output().ifPresent(quantizer -> requireExpressible(module, quantizer));
  }

  private void requireExpressible(String module, ActivationQuantizer quantizer) {
    if (!DynamicRange.expressible(quantizer)) {
      throw FormatRefusal.of(
          format(), module, "its activations are clipped, for which the format has no field");
    }
    if (quantizer.strategy() == ActivationQuantizer.Strategy.HEAD) {
      throw FormatRefusal.of(
          format(), module, "its activations have a scale per head, which linear layers have not");
    }
  }

  private static void notes(SequencedMap<String, LayerScheme> schemes, List<String> notes) {
    boolean symmetricDynamic =
        schemes.values().stream()
            .flatMap(scheme -> scheme.input().stream())
            .anyMatch(arguments -> arguments.symmetric() && arguments.dynamic());
    if (symmetricDynamic) {
      notes.add(
          "Inputs are rounded by largest / 127 in BitAtlas and vLLM (at 8 bits) and by largest /"
              + " 127.5 in compressed-tensors itself.");
    }
    if (schemes.values().stream().anyMatch(scheme -> scheme.output().isPresent())) {
      notes.add(
          "Outputs are rounded (output_activations), which compressed-tensors does and vLLM does"
              + " not.");
    }
  }
}
