package org.bitatlas.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.ThinkingProtocol;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a model folder holds, without loading the weights. */
@Command(
    name = "inspect",
    description = "Show what a model is: architecture, size, tensors, thinking modes.")
final class InspectCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "MODEL", description = ModelReference.DESCRIPTION)
  String model;

  @Option(names = "--tensors", description = "List every tensor with type and shape.")
  boolean tensors;

  @Override
  public Integer call() {
    Path folder = ModelReference.folder(model);
    ChatTokenizer tokenizer = ChatTokenizers.load(folder);
    FactSheet sheet = new FactSheet();
    try (ModelFolder opened = FormatCatalog.map(folder)) {
      architecture(sheet, model, opened.architecture());
      weights(sheet, opened);
      opened.quantized().ifPresent(quantized -> quantization(sheet, folder, quantized));
      text(sheet, tokenizer);
      if (tensors) {
        sheet.section("Tensors");
        for (String name : opened.checkpoint().names()) {
          StoredTensor tensor = opened.checkpoint().get(name);
          sheet.fact(tensor.type() + " " + shape(tensor), name);
        }
      }
    }
    sheet.print(spec.commandLine().getOut());
    return Exit.OK;
  }

  private static void architecture(FactSheet sheet, String model, Architecture architecture) {
    sheet
        .section(model)
        .fact("architecture", architecture.family())
        .fact(
            "shape",
            "%d layers, width %d, feed-forward %d, vocabulary %d"
                .formatted(
                    architecture.layers(),
                    architecture.hiddenSize(),
                    architecture.intermediateSize(),
                    architecture.vocabularySize()))
        .fact(
            "attention",
            "%d query heads, %d key and value heads of %d"
                .formatted(
                    architecture.heads(),
                    architecture.keyValueHeads(),
                    architecture.headDimension()))
        .fact(
            "context",
            architecture.maxPositions()
                + " tokens"
                + (architecture.slidingWindow() > 0
                    ? ", sliding window of "
                        + architecture.slidingWindow()
                        + " in "
                        + architecture.slidingWindowLayers().size()
                        + " layers"
                    : ""))
        .fact("embeddings", architecture.tiedEmbeddings() ? "tied with the head" : "not tied");
  }

  private static void weights(FactSheet sheet, ModelFolder opened) {
    Map<String, Long> stored = opened.checkpoint().storedBytes();
    int ofLayers = stored.size();
    long parameters = 0;
    Map<ElementType, Long> types = new TreeMap<>();
    for (String name : opened.checkpoint().names()) {
      StoredTensor tensor = opened.checkpoint().get(name);
      ofLayers -= stored.containsKey(name) ? 1 : 0;
      parameters += tensor.elementCount();
      types.merge(tensor.type(), 1L, Long::sum);
    }
    if (opened.quantized().isEmpty()) {
      sheet.fact("parameters", Amounts.count(parameters));
    }
    sheet
        .fact(
            "tensors",
            types.entrySet().stream()
                    .map(entry -> entry.getValue() + " " + entry.getKey())
                    .collect(Collectors.joining(", "))
                + (ofLayers > 0 ? ", and " + ofLayers + " of quantized layers" : ""))
        .fact("size", Amounts.bytes(stored.values().stream().mapToLong(Long::longValue).sum()))
        .fact("folder", opened.folder().toString());
  }

  private static void quantization(FactSheet sheet, Path folder, QuantizedCheckpoint quantized) {
    sheet
        .section("Quantized")
        .fact("format", FormatCatalog.formatOf(folder).map(FormatName::label).orElse("bitatlas"));
    quantized.schemes().forEach((scheme, count) -> sheet.fact(count + " linears", scheme));
    quantized.activations().values().stream()
        .map(InspectCommand::input)
        .filter(input -> !input.isEmpty())
        .collect(Collectors.groupingBy(input -> input, TreeMap::new, Collectors.counting()))
        .forEach((input, count) -> sheet.fact(count + " inputs", input));
    sheet.fact("base model", quantized.provenance().baseModel());
    sheet.fact("recipe", facts(quantized.provenance().recipe()));
    if (!quantized.provenance().calibration().isEmpty()) {
      sheet.fact("calibration", facts(quantized.provenance().calibration()));
    }
  }

  /** What happens to the input of a layer; nothing where it stays as it is. */
  private static String input(LinearActivations around) {
    String rounded =
        around
            .input()
            .map(input ->
                "%d bits %s"
                    .formatted(
                        input.bits(),
                        input.dynamic()
                            ? "per " + input.strategy().name().toLowerCase(Locale.ROOT)
                            : "in a fixed range"))
            .orElse("");
    if (around.transform().isEmpty()) {
      return rounded;
    }
    return rounded.isEmpty() ? "transformed" : "transformed, " + rounded;
  }

  private static String facts(Map<String, String> facts) {
    return facts.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining(" "));
  }

  private static void text(FactSheet sheet, ChatTokenizer tokenizer) {
    ThinkingProtocol thinking = tokenizer.thinking();
    String modes =
        thinking.userSuffixes().keySet().stream()
            .sorted()
            .map(ThinkingModes::name)
            .collect(Collectors.joining(", "));
    String span =
        thinking.closeId().isEmpty()
            ? "none"
            : tokenizer.tokenizer().tokenOf(thinking.closeId().getAsInt()) + " ends the span";
    sheet
        .section("Text")
        .fact("tokenizer", tokenizer.tokenizer().vocabularySize() + " tokens")
        .fact("chat template", tokenizer.template().isPresent() ? "yes" : "none: a base model")
        .fact("thinking", modes.isEmpty() ? span : modes + "; " + span)
        .fact(
            "stop tokens",
            tokenizer.stopIds().stream()
                .sorted()
                .map(id -> tokenizer.tokenizer().tokenOf(id))
                .collect(Collectors.joining(" ")));
  }

  private static String shape(StoredTensor tensor) {
    return tensor.shape().stream().map(String::valueOf).collect(Collectors.joining("x", "[", "]"));
  }
}
