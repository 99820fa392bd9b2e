package org.bitatlas.format.check;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.ZeroPoints;
import org.bitatlas.format.gptq.GptqScheme;
import org.bitatlas.format.gptq.GptqSchemes;
import org.bitatlas.format.gptq.GptqVersion;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.QuantizedCheckpoint;

/**
 * The layers of a GPTQ folder: what a loader takes each for, against what its tensors hold.
 *
 * @param reading how the loader understands the configuration
 * @param version how zero points are stored
 */
record GptqLayerCheck(
    GptqReading reading,
    GptqVersion version,
    Architecture architecture,
    TensorInspection inspection) {

  private static final Set<Long> WIDTHS = Set.of(2L, 3L, 4L, 8L);
  private static final String CODES = ".qweight";
  private static final String ZEROS = ".qzeros";
  private static final String SCALES = ".scales";
  private static final String INDEX = ".g_idx";
  private static final List<String> SUFFIXES = List.of(CODES, ZEROS, SCALES, INDEX);
  private static final String FLOATS = "floats";

  /** A layer W [N x K], and the names under which loaders ask for it and what runs with it. */
  private record Layer(String module, int rows, int columns, boolean bias, List<String> names) {}

  /**
   * Checks the parts of what may run as one layer.
   *
   * @param quantized gets the modules whose weights are codes
   */
  void check(FusedModules fused, int block, Set<String> quantized) {
    boolean alike =
        !reading.fuses() || FusedRules.oneKind(fused, block, this::kind, inspection.findings());
    for (Projection projection : fused.parts()) {
      Layer layer =
          new Layer(
              projection.module(block),
              architecture.outputFeatures(projection),
              architecture.inputFeatures(projection),
              architecture.hasBias(projection),
              fused.names(block));
      check(layer, alike, quantized);
    }
    if (reading.fuses()) {
      FusedRules.oneValue(fused, block, INDEX, inspection, inspection.findings());
    }
  }

  /** Checks the head. */
  void checkHead(Set<String> quantized) {
    String head = QuantizedCheckpoint.HEAD;
    int rows = architecture.vocabularySize();
    check(new Layer(head, rows, architecture.hiddenSize(), false, List.of(head)), true, quantized);
  }

  private void check(Layer layer, boolean alike, Set<String> quantized) {
    String module = layer.module();
    boolean integers = hasIntegers(module);
    Optional<GptqScheme> taken = reading.scheme(module, integers);
    if (integers) {
      quantized.add(module);
    }
    if (taken.isPresent() && integers) {
      quantized(layer, taken.get(), alike);
    } else if (taken.isPresent() || integers) {
      SUFFIXES.forEach(suffix -> inspection.claim(module + suffix));
      inspection.claim(module + ".weight");
      differs(
          layer,
          integers ? "codes" : FLOATS,
          taken.map(GptqScheme::words).orElse(FLOATS),
          integers ? asFloats(module) : remedy(GptqSchemes.key(false, layer.names()) + "\": {}"));
    }
  }

  private void quantized(Layer layer, GptqScheme taken, boolean alike) {
    String module = layer.module();
    PackedLayer packed =
        new PackedLayer(FormatName.GPTQ, module, layer.rows(), layer.columns(), taken.groupSize());
    packed.requireKernel(
        taken.bits(),
        taken.symmetric(),
        layer.bias(),
        reading.target(),
        "serve on another device",
        inspection.findings());
    if (reading.isBeside(taken)) {
      inspection
          .findings()
          .fault(
              "unsupported-type",
              module + CODES,
              "%s chooses Marlin's kernels by the scheme of most layers, and Marlin has not %s"
                  .formatted(reading.target().words(), taken.words()),
              "let the section itself state the bits that Marlin has not, and dynamic the others");
    }
    boolean words =
        (long) layer.columns() * taken.bits() % 32 == 0
            && (long) layer.rows() * taken.bits() % 32 == 0;
    if (!packed.isWhole(words, "words of 32 bits", SUFFIXES, inspection)) {
      return;
    }
    GptqScheme held = held(layer, taken);
    boolean same =
        held.bits() == taken.bits()
            && held.groupSize(layer.columns()) == taken.groupSize(layer.columns());
    if (!same && alike) {
      String scheme =
          "\": {\"bits\": %d, \"group_size\": %d}".formatted(held.bits(), held.groupSize());
      differs(
          layer,
          held.words(),
          taken.words(),
          remedy(GptqSchemes.key(true, layer.names()) + scheme));
    }
    tensors(layer, held);
  }

  /** What the loader makes of a layer is not what the files hold. */
  private void differs(Layer layer, String held, String taken, String remedy) {
    String module = layer.module();
    String asked = reading.asked(module);
    inspection
        .findings()
        .fault(
            "different-scheme",
            module + (held.equals(FLOATS) ? ".weight" : CODES),
            "the file holds %s, and %s takes %s%s"
                .formatted(
                    held,
                    reading.target().stack().title(),
                    taken,
                    asked.equals(module) ? "" : " for " + asked),
            remedy);
  }

  private String remedy(String override) {
    return reading.overrides()
        ? "state \"%s in dynamic, before other entries for that name".formatted(override)
        : "load the folder with GPTQModel, as transformers reads no dynamic, or export to"
            + " compressed-tensors";
  }

  private String asFloats(String module) {
    if (module.equals(QuantizedCheckpoint.HEAD) && !reading.head()) {
      return "set lm_head to true";
    }
    String asked = reading.asked(module);
    return reading
        .schemes()
        .override(asked)
        .filter(_ -> reading.overrides())
        .map(skipped -> "take %s out of \"%s\" in dynamic".formatted(asked, skipped.key()))
        .orElse("name the layer in modules_in_block_to_quantize, or leave it float");
  }

  private boolean hasIntegers(String module) {
    return Stream.of(CODES, ZEROS, INDEX).anyMatch(suffix -> inspection.has(module + suffix));
  }

  /** A module of a block in words: bits and groups, or float. */
  private String kind(String module) {
    if (!hasIntegers(module)) {
      return "float";
    }
    return Projection.ofModule(module)
        .map(projection ->
            held(module, architecture.inputFeatures(projection), reading.schemes().general())
                .words())
        .orElseThrow();
  }

  private GptqScheme held(Layer layer, GptqScheme taken) {
    return held(layer.module(), layer.columns(), taken);
  }

  /** Bits and groups by the sizes of the tensors; as taken, where those say nothing. */
  private GptqScheme held(String module, int columns, GptqScheme taken) {
    int bits =
        rows(module + CODES)
            .filter(words -> words * 32 % columns == 0 && WIDTHS.contains(words * 32 / columns))
            .map(words -> Math.toIntExact(words * 32 / columns))
            .orElse(taken.bits());
    int groupSize =
        rows(module + SCALES)
            .filter(groups -> groups > 0 && columns % groups == 0)
            .map(groups -> groups == 1 ? GptqScheme.CHANNEL : Math.toIntExact(columns / groups))
            .orElse(taken.groupSize());
    return new GptqScheme(bits, groupSize, taken.actOrder(), taken.symmetric());
  }

  private Optional<Long> rows(String name) {
    return inspection
        .stored(name)
        .map(StoredTensor::shape)
        .filter(shape -> shape.size() == 2 && shape.getFirst() < Integer.MAX_VALUE)
        .map(List::getFirst);
  }

  private void tensors(Layer layer, GptqScheme scheme) {
    String module = layer.module();
    int rows = layer.rows();
    int columns = layer.columns();
    int bits = scheme.bits();
    int groupSize = scheme.groupSize(columns);
    int groups = columns / groupSize;
    long zeroWords = PackedIntegers.words(rows, bits);
    inspection.require(
        module + CODES, PackedIntegers.I32, PackedIntegers.words(columns, bits), rows);
    inspection
        .require(module + ZEROS, PackedIntegers.I32, groups, zeroWords)
        .filter(_ -> scheme.symmetric() && reading.ignoresZeroPoints())
        .ifPresent(zeros -> {
          int[] words = StoredIntegers.ints(zeros, groups, zeroWords);
          centred(zeros, version.unpack(words, groups, rows, bits), bits);
        });
    inspection.scales(inspection.require(module + SCALES, TensorInspection.FLOATS, groups, rows));
    PackedIntegers.groupIndex(
        inspection.require(module + INDEX, PackedIntegers.I32, columns),
        columns,
        groupSize,
        scheme.actOrder(),
        inspection.findings());
  }

  private void centred(StoredTensor zeros, byte[] zeroPoints, int bits) {
    if (!ZeroPoints.centred(zeroPoints, bits)) {
      inspection
          .findings()
          .wrong(
              "zero-points",
              zeros.name(),
              "it holds others than %d, which %s takes for all of a symmetric layer"
                  .formatted(1 << (bits - 1), reading.target().stack().title()),
              "set sym to false if the layer is asymmetric; versions of vLLM through 0.21 load"
                  + " that");
    }
  }
}
