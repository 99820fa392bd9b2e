package org.bitatlas.format.awq;

import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.ExportPlan;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.ForeignFolder;
import org.bitatlas.format.FormatLimits;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.FormatWriter;
import org.bitatlas.format.GridLayer;
import org.bitatlas.format.HalfScales;
import org.bitatlas.format.JsonFile;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes AWQ checkpoints in the GEMM layout: 4 bits, one group size for all layers, groups in
 * order.
 *
 * @param roundScales whether scales may be rounded to fp16
 */
public record AwqWriter(boolean roundScales) implements FormatWriter {

  /** With scales as they are. */
  public AwqWriter() {
    this(false);
  }

  @Override
  public FormatName format() {
    return FormatName.AWQ;
  }

  @Override
  public ExportPlan plan(ExportSource source) {
    SequencedMap<String, GridLayer> grids = FormatLimits.weightOnlyGrids(source, format());
    grids.forEach(this::requireExpressible);
    int groupSize = groupSize(grids);
    List<String> notes = new ArrayList<>();
    HalfScales.require(source, format(), roundScales, notes);
    List<TensorData> tensors = new ArrayList<>();
    grids.values().forEach(grid -> tensors.addAll(AwqLayer.tensors(grid)));
    tensors.addAll(source.floatTensors());
    ObjectNode section = JsonFile.object();
    section.put("quant_method", "awq").put("bits", AwqLayer.BITS).put("group_size", groupSize);
    section.put("zero_point", true).put("version", "gemm");
    ArrayNode kept = section.putArray("modules_to_not_convert");
    ForeignFolder.modules(source.architecture()).stream()
        .filter(module -> !grids.containsKey(module))
        .forEach(kept::add);
    return ExportPlan.configured(format(), source, tensors, section, notes);
  }

  private int groupSize(SequencedMap<String, GridLayer> grids) {
    Set<Integer> sizes =
        grids.values().stream().map(HalfScales::stated).collect(Collectors.toSet());
    if (sizes.size() > 1) {
      throw FormatRefusal.of(
          format(),
          "layers with groups of " + sizes,
          "it has one group size for all (-1 is one scale per output channel); export to"
              + " compressed-tensors or gptq");
    }
    return sizes.stream().findFirst().orElse(-1);
  }

  private void requireExpressible(String module, GridLayer grid) {
    if (grid.bits() != AwqLayer.BITS) {
      throw FormatRefusal.of(
          format(),
          module,
          "its codes have %d bits and the format has 4; export to compressed-tensors or gptq"
              .formatted(grid.bits()));
    }
    if (grid.scattered()) {
      throw FormatRefusal.of(
          format(),
          module,
          "its groups are scattered over the columns (act order without static groups); export to"
              + " gptq");
    }
    boolean whole =
        grid.outputFeatures() % AwqLayer.PER_WORD == 0
            && grid.inputFeatures() % AwqLayer.PER_WORD == 0
            && grid.inputFeatures() % grid.groupSize() == 0;
    if (!whole) {
      throw FormatRefusal.of(
          format(),
          module,
          "its weight [%d x %d] in groups of %d does not fill words of 8 codes and whole groups"
              .formatted(grid.outputFeatures(), grid.inputFeatures(), grid.groupSize()));
    }
  }
}
