package org.bitatlas.format.gptq;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import org.bitatlas.format.ForeignFolder;
import org.bitatlas.format.HalfScales;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.ZeroPoints;
import org.bitatlas.model.Architecture;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.QuantizedCheckpoint;
import tools.jackson.databind.node.ObjectNode;

/** Makes the configuration of a GPTQ checkpoint. */
final class GptqSection {

  private GptqSection() {}

  /** Width and group size of a layer. */
  private record Shape(int bits, int groupSize) {
    static Shape of(GridLinear grid) {
      return new Shape(grid.bits(), HalfScales.stated(grid));
    }
  }

  /**
   * The section {@code quantization_config}, also the file {@code quantize_config.json}. States the
   * width and group size of most layers, and overrides for the others and for those that stay
   * float.
   */
  static ObjectNode of(
      Architecture architecture, SequencedMap<String, GridLinear> grids, GptqVersion version) {
    Shape most = mostFrequent(grids);
    boolean scattered = grids.values().stream().anyMatch(grid -> grid.groupIndex().isPresent());
    ObjectNode section = JsonFile.object();
    section.put("bits", most.bits).put("group_size", most.groupSize);
    section
        .put("desc_act", scattered)
        .put("sym", grids.values().stream().allMatch(ZeroPoints::centred));
    section.put("lm_head", grids.containsKey(QuantizedCheckpoint.HEAD));
    section.put("quant_method", "gptq");
    section.put("checkpoint_format", version.label());
    section.put("format", version.label());
    section.put("pack_dtype", "int32");
    section.put("static_groups", false).put("true_sequential", true);
    ObjectNode overrides = JsonFile.object();
    for (String module : ForeignFolder.modules(architecture)) {
      String name = "^" + module.replace(".", "\\.") + "$";
      GridLinear grid = grids.get(module);
      if (grid == null) {
        if (!module.equals(QuantizedCheckpoint.HEAD)) {
          overrides.putObject("-:" + name);
        }
      } else if (!Shape.of(grid).equals(most)) {
        overrides
            .putObject("+:" + name)
            .put("bits", grid.bits())
            .put("group_size", HalfScales.stated(grid));
      }
    }
    if (!overrides.isEmpty()) {
      section.set("dynamic", overrides);
    }
    section.putObject("meta").putArray("quantizer").add("bitatlas");
    return section;
  }

  private static Shape mostFrequent(SequencedMap<String, GridLinear> grids) {
    List<Shape> shapes = grids.values().stream().map(Shape::of).toList();
    Map<Shape, Long> counts =
        shapes.stream()
            .collect(
                Collectors.groupingBy(shape -> shape, LinkedHashMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .max(Comparator.comparing(Map.Entry::getValue))
        .map(Map.Entry::getKey)
        .orElse(new Shape(4, -1));
  }
}
