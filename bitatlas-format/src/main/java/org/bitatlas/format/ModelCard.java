package org.bitatlas.format;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.bitatlas.scheme.CarriedFiles;
import org.bitatlas.scheme.Provenance;
import tools.jackson.databind.json.JsonMapper;

/** The {@code README.md} of an export: what the model is, how it was made, what is known of it. */
final class ModelCard {

  private static final JsonMapper JSON = JsonMapper.shared();

  private ModelCard() {}

  /**
   * The card, in Markdown with the metadata that model hubs read.
   *
   * @param floatBytes size of the float model
   */
  static String of(ExportSource source, ExportPlan plan, ExportOptions options, long floatBytes)
      throws IOException {
    Provenance provenance = source.quantized().provenance();
    List<String> lines = new ArrayList<>();
    metadata(lines, plan, provenance);
    lines.add("# " + provenance.baseModel() + ", quantized");
    lines.add("");
    lines.add("Weights in the format %s, written by BitAtlas.".formatted(plan.format().label()));
    section(lines, "Base model");
    lines.add("- model: " + provenance.baseModel());
    lines.add("- architecture: " + source.architecture().family());
    if (!provenance.baseWeightsDigest().isEmpty()) {
      lines.add("- SHA-256 of its weights: " + provenance.baseWeightsDigest());
    }
    facts(lines, "Recipe", provenance.recipe(), "not recorded");
    facts(lines, "Calibration", provenance.calibration(), "none, or not recorded");
    section(lines, "Layers");
    source
        .quantized()
        .schemes()
        .forEach((scheme, count) -> lines.add("- %d linear layers: %s".formatted(count, scheme)));
    lines.add(
        String.format(
            Locale.ROOT,
            "- %d bytes of tensors; the float model has %d (%.2f times as many)",
            plan.weights().tensorBytes(),
            floatBytes,
            (double) floatBytes / plan.weights().tensorBytes()));
    section(lines, "Measured");
    if (options.measured().isEmpty()) {
      lines.add("The loss of this checkpoint against the float model has not been measured.");
    }
    options.measured().forEach(fact -> lines.add("- " + fact));
    if (!plan.notes().isEmpty()) {
      section(lines, "Notes");
      plan.notes().forEach(note -> lines.add("- " + note));
    }
    section(lines, "Licence");
    lines.add(licence(CarriedFiles.legal(source.folder())));
    return String.join("\n", lines) + "\n";
  }

  private static void metadata(List<String> lines, ExportPlan plan, Provenance provenance) {
    lines.add("---");
    if (provenance.baseModel().matches("[\\w.-]+/[\\w.-]+")) {
      lines.add("base_model: " + JSON.writeValueAsString(provenance.baseModel()));
      lines.add("base_model_relation: quantized");
    }
    lines.add("tags:");
    lines.add("- bitatlas");
    lines.add("- " + plan.format().label());
    lines.add("---");
    lines.add("");
  }

  private static void section(List<String> lines, String title) {
    lines.add("");
    lines.add("## " + title);
    lines.add("");
  }

  private static void facts(
      List<String> lines, String title, Map<String, String> facts, String otherwise) {
    section(lines, title);
    if (facts.isEmpty()) {
      lines.add("- " + otherwise);
    }
    facts.forEach((name, value) -> lines.add("- " + name + ": " + value));
  }

  private static String licence(List<Path> files) {
    if (files.isEmpty()) {
      return "The base model's folder held no licence file; its licence applies.";
    }
    return "The base model's licence applies: "
        + files.stream()
            .map(file -> file.getFileName().toString())
            .collect(Collectors.joining(", "))
        + ".";
  }
}
