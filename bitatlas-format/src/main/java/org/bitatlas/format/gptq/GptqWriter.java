package org.bitatlas.format.gptq;

import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.ExportPlan;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatLimits;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.HalfScales;
import org.bitatlas.format.JsonFile;
import org.bitatlas.model.Architecture;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes GPTQ checkpoints: weights of 2, 3, 4 or 8 bits, groups in order or scattered (act order),
 * layers of different widths by the {@code dynamic} overrides of GPTQModel.
 *
 * @param version how zero points are stored
 * @param roundScales whether scales may be rounded to fp16
 */
public record GptqWriter(GptqVersion version, boolean roundScales) implements FormatWriter {

  private static final Set<Integer> WIDTHS = Set.of(2, 3, 4, 8);

  /** Version 1, which all loaders know, with scales as they are. */
  public GptqWriter() {
    this(GptqVersion.V1, false);
  }

  @Override
  public FormatName format() {
    return FormatName.GPTQ;
  }

  @Override
  public ExportPlan plan(ExportSource source) {
    SequencedMap<String, GridLayer> grids = FormatLimits.weightOnlyGrids(source, format());
    grids.forEach(this::requireExpressible);
    List<String> notes = new ArrayList<>();
    HalfScales.require(source, format(), roundScales, notes);
    if (version == GptqVersion.V2) {
      notes.add(
          "The zero points are stored as they are (checkpoint_format gptq_v2), which loaders that"
              + " know version 1 only misread by one.");
    }
    if (version == GptqVersion.V1 && !grids.values().stream().allMatch(GridLayer::centred)) {
      notes.add(
          "GPTQModel itself opens asymmetric weights in version 1 only where it wrote them; for it"
              + " export with --gptq-format v2. transformers loads them.");
    }
    List<TensorData> tensors = new ArrayList<>();
    grids.values().forEach(grid -> tensors.addAll(GptqLayer.tensors(grid, version)));
    tensors.addAll(source.floatTensors());
    SequencedMap<String, GptqScheme> schemes = GptqSection.schemes(grids);
    ObjectNode section = GptqSection.of(source.architecture(), schemes, version);
    noteMixture(source.architecture(), schemes, section, notes);
    ExportPlan plan = ExportPlan.configured(format(), source, tensors, section, notes);
    plan.files().put("quantize_config.json", JsonFile.content(section));
    return plan;
  }

  private static void noteMixture(
      Architecture architecture,
      SequencedMap<String, GptqScheme> schemes,
      ObjectNode section,
      List<String> notes) {
    if (!GptqSection.isPlain(section)) {
      notes.add(
          "Layers differ, which the configuration says layer by layer (dynamic): GPTQModel and vLLM"
              + " read that, from_pretrained of transformers does not.");
    }
    List<String> apart = GptqSection.apart(architecture, schemes);
    if (!apart.isEmpty()) {
      notes.add(
          "vLLM runs %s as one layer, and its parts have different bits or groups%s; GPTQModel loads"
                  .formatted(
                      apart.getFirst(),
                      apart.size() == 1 ? "" : ", as those of %d more".formatted(apart.size() - 1))
              + " the folder, vLLM does not. Quantize the parts of a fused layer alike for it.");
    }
  }

  private void requireExpressible(String module, GridLayer grid) {
    int rows = grid.outputFeatures();
    int columns = grid.inputFeatures();
    if (!WIDTHS.contains(grid.bits())) {
      throw FormatRefusal.of(
          format(),
          module,
          "its codes have %d bits and the format has 2, 3, 4 and 8".formatted(grid.bits()));
    }
    boolean whole =
        (long) rows * grid.bits() % Integer.SIZE == 0
            && (long) columns * grid.bits() % Integer.SIZE == 0;
    if (!whole || columns % grid.groupSize() != 0) {
      throw FormatRefusal.of(
          format(),
          module,
          "its weight [%d x %d] with %d bits in groups of %d does not fill words of 32 bits and whole groups"
              .formatted(rows, columns, grid.bits(), grid.groupSize()));
    }
    if (grid.holdsZero() && !version.holdsZero()) {
      throw FormatRefusal.of(
          format(),
          module,
          "it has a zero point 0, which version 1 cannot tell from the largest; export with"
              + " --gptq-format v2");
    }
  }
}
