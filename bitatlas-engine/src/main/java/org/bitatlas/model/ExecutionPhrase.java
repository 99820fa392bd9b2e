package org.bitatlas.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitatlas.kernel.AscendLinears;
import org.bitatlas.kernel.AscendScheme;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.Device;

/** What a model computes with, in words: for a quantized one, all that is only simulated. */
final class ExecutionPhrase {

  private ExecutionPhrase() {}

  static String of(Optional<QuantizedCheckpoint> quantized, Precision precision) {
    return quantized.map(present -> of(present, precision)).orElse("float: " + precision);
  }

  /** Where it computes, to stand after the phrase; nothing for the CPU. */
  static String on(Device device) {
    return device.isHost() ? "" : ", on %s (%s)".formatted(device, Device.UNTRIED);
  }

  /** What a model with packed weights computes with. */
  static String ofPacked(Optional<QuantizedCheckpoint> quantized, Precision precision) {
    return quantized.map(present -> packed(present, precision)).orElse("float: " + precision);
  }

  /** What a model computes with whose quantized layers are on an NPU's operators. */
  static String ofNpu(Optional<QuantizedCheckpoint> quantized) {
    long layers =
        quantized.stream()
            .flatMap(present -> present.linears().entrySet().stream())
            .filter(entry -> !table(entry.getKey()) && !(entry.getValue() instanceof FloatLinear))
            .count();
    List<String> parts = new ArrayList<>();
    count(parts, layers, "linear layers by npu_dynamic_quant and npu_quant_matmul");
    quantized.ifPresent(present -> roundedHeads(present, parts));
    parts.add("BF16 between them");
    return "integer: " + String.join(", ", parts);
  }

  /** What a model computes with whose layers compute as an NPU does. */
  static String ofEmulated(Optional<QuantizedCheckpoint> quantized) {
    SequencedMap<String, Integer> counts = new LinkedHashMap<>();
    int dropped = 0;
    if (quantized.isPresent()) {
      for (Map.Entry<String, StoredLinear> entry : quantized.get().linears().entrySet()) {
        if (!table(entry.getKey()) && !(entry.getValue() instanceof FloatLinear)) {
          AscendScheme scheme =
              AscendScheme.of(
                  entry.getKey(), entry.getValue(), quantized.get().activationsOf(entry.getKey()));
          counts.merge(scheme.name(), 1, Integer::sum);
          dropped += scheme.dropsBias() ? 1 : 0;
        }
      }
    }
    List<String> parts = new ArrayList<>();
    counts.forEach((scheme, count) -> count(parts, count, "linear layers as " + scheme));
    count(parts, dropped, "of them without the bias they may have (it is not added there)");
    parts.add("BF16 between them");
    return AscendLinears.LABEL + " (Ascend 910B): " + String.join(", ", parts);
  }

  private static boolean table(String module) {
    return module.equals(QuantizedCheckpoint.EMBEDDING) || module.equals(QuantizedCheckpoint.HEAD);
  }

  private static String packed(QuantizedCheckpoint quantized, Precision precision) {
    List<String> parts = new ArrayList<>();
    long integer = 0;
    long weightOnly = 0;
    long rounded = 0;
    for (Map.Entry<String, StoredLinear> entry : quantized.linears().entrySet()) {
      if (table(entry.getKey()) || entry.getValue() instanceof FloatLinear) {
        continue;
      }
      boolean quantizedInput = quantized.activationsOf(entry.getKey()).input().isPresent();
      integer += quantizedInput && entry.getValue() instanceof GridLinear ? 1 : 0;
      rounded += quantizedInput && !(entry.getValue() instanceof GridLinear) ? 1 : 0;
      weightOnly += quantizedInput ? 0 : 1;
    }
    count(parts, integer, "linear layers in integers");
    count(parts, weightOnly, "linear layers from packed weights with float activations");
    count(parts, rounded, "linear layers from packed weights with activations rounded in float");
    String start = integer > 0 ? "integer: " : "packed: ";
    roundedHeads(quantized, parts);
    parts.add(precision + " between them");
    return start + String.join(", ", parts);
  }

  private static void roundedHeads(QuantizedCheckpoint quantized, List<String> parts) {
    Collection<AttentionActivations> heads = quantized.attention().values();
    rounding("keys of %d blocks", heads.stream().map(AttentionActivations::key))
        .ifPresent(parts::add);
    rounding("values of %d blocks", heads.stream().map(AttentionActivations::value))
        .ifPresent(parts::add);
  }

  private static String of(QuantizedCheckpoint quantized, Precision precision) {
    Collection<LinearActivations> around = quantized.activations().values();
    Collection<AttentionActivations> heads = quantized.attention().values();
    long floats =
        quantized.linears().values().stream().filter(FloatLinear.class::isInstance).count();
    long codes = quantized.linears().size() - floats;
    List<String> simulated = new ArrayList<>();
    if (codes > 0) {
      simulated.add(
          "%d quantized linear layers dequantized once to %s".formatted(codes, precision));
    }
    rounding("inputs of %d linear layers", around.stream().map(LinearActivations::input))
        .ifPresent(simulated::add);
    rounding("outputs of %d linear layers", around.stream().map(LinearActivations::output))
        .ifPresent(simulated::add);
    rounding("keys of %d blocks", heads.stream().map(AttentionActivations::key))
        .ifPresent(simulated::add);
    rounding("values of %d blocks", heads.stream().map(AttentionActivations::value))
        .ifPresent(simulated::add);
    List<String> parts = new ArrayList<>();
    if (!simulated.isEmpty()) {
      parts.add("simulated: " + String.join(", ", simulated));
      parts.add("float arithmetic");
    } else {
      parts.add("float: " + precision);
    }
    long transforms = around.stream().filter(module -> module.transform().isPresent()).count();
    long ofHeads = heads.stream().filter(block -> block.headTransform().isPresent()).count();
    count(parts, floats, "linear layers kept in float");
    count(parts, transforms, "linear layers with an online transform of their input");
    count(parts, ofHeads, "blocks with an online transform of heads");
    return String.join(", ", parts);
  }

  private static void count(List<String> parts, long count, String what) {
    if (count > 0) {
      parts.add(count + " " + what);
    }
  }

  private static Optional<String> rounding(
      String what, Stream<Optional<ActivationQuantizer>> quantizers) {
    List<ActivationQuantizer> present = quantizers.flatMap(Optional::stream).toList();
    if (present.isEmpty()) {
      return Optional.empty();
    }
    String how =
        present.stream()
            .map(ExecutionPhrase::describe)
            .distinct()
            .collect(Collectors.joining(" or "));
    return Optional.of(what.formatted(present.size()) + " rounded to " + how);
  }

  private static String describe(ActivationQuantizer quantizer) {
    return "%d bits per %s (%s, %s range)"
        .formatted(
            quantizer.bits(),
            quantizer.strategy().name().toLowerCase(Locale.ROOT),
            quantizer.symmetric() ? "symmetric" : "asymmetric",
            quantizer.dynamic() ? "dynamic" : "static");
  }
}
