package org.bitatlas.format.check;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.modelslim.Description;
import org.bitatlas.format.modelslim.TensorNames;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Which format a folder is of, as its loaders tell. */
final class FormatDetection {

  private static final String SECTION = "quantization_config";

  /** What sparseml and the first versions of compressed-tensors wrote; vLLM still reads it. */
  private static final String OLD_SECTION = "compression_config";

  /** Files of AutoGPTQ and AutoAWQ from before {@code config.json} had a section. */
  private static final Map<String, FormatName> OLD_FILES =
      new TreeMap<>(
          Map.of("quantize_config.json", FormatName.GPTQ, "quant_config.json", FormatName.AWQ));

  private static final String DESCRIPTION = "quant_model_description";
  private static final String METHOD = "quant_method";

  private FormatDetection() {}

  /** The format; empty for a float model. A finding where the stack does not load the format. */
  static Optional<FormatName> of(FolderContents contents, LoaderTarget target, Findings findings) {
    if (contents.has("bitatlas.json")) {
      findings.fault(
          "format",
          "bitatlas.json",
          "this is BitAtlas's own checkpoint, which only BitAtlas loads",
          "export it: ./bitatlas export FOLDER --format FORMAT");
      return Optional.empty();
    }
    Optional<FormatName> format = format(contents, target, findings);
    format
        .filter(found -> !loads(target, found))
        .ifPresent(found ->
            findings.fault(
                "format",
                found == FormatName.MODELSLIM ? Description.FILE : "config.json " + SECTION,
                "%s does not load the format %s".formatted(target.stack().title(), found.label()),
                "export to " + loaded(target)));
    return format;
  }

  private static Optional<FormatName> format(
      FolderContents contents, LoaderTarget target, Findings findings) {
    if (contents.files().stream().anyMatch(file -> file.endsWith(".gguf"))) {
      return Optional.of(FormatName.GGUF);
    }
    ObjectNode section = section(contents);
    if (contents.has(Description.FILE)) {
      if (!section.isEmpty()) {
        findings.fault(
            "two-formats",
            "config.json " + SECTION,
            "the folder has a ModelSlim description too, and config.json must not name another"
                + " method",
            "remove %s from config.json".formatted(SECTION));
      }
      return Optional.of(FormatName.MODELSLIM);
    }
    if (section.isEmpty() && isModelSlim(contents)) {
      withoutDescription(contents, findings);
      return Optional.of(FormatName.MODELSLIM);
    }
    if (section.isEmpty()) {
      return Optional.empty();
    }
    Optional<Place> place = place(contents);
    place.ifPresent(found -> found.say(target, findings));
    if (place.flatMap(Place::format).isPresent()) {
      return place.get().format();
    }
    String method = section.path(METHOD).asString("");
    Optional<FormatName> format =
        Arrays.stream(FormatName.values()).filter(name -> name.label().equals(method)).findFirst();
    if (format.isEmpty()) {
      findings.fault(
          "format",
          "config.json %s.%s".formatted(SECTION, METHOD),
          "the method '%s' is not one that is known here".formatted(method),
          "known are "
              + Arrays.stream(FormatName.values())
                  .map(FormatName::label)
                  .collect(Collectors.joining(", ")));
    }
    return format;
  }

  /** Weights that only ModelSlim writes. */
  private static boolean isModelSlim(FolderContents contents) {
    return contents.tensors().keySet().stream()
        .anyMatch(name ->
            name.endsWith(TensorNames.WEIGHT_OFFSET) || name.endsWith(TensorNames.DEQ_SCALE));
  }

  /** Some versions of ModelSlim put the type into the name, where no loader looks for it. */
  private static void withoutDescription(FolderContents contents, Findings findings) {
    Optional<String> other =
        contents.files().stream()
            .filter(file -> file.startsWith(DESCRIPTION) && file.endsWith(".json"))
            .findFirst();
    findings.fault(
        "missing-description",
        Description.FILE,
        "the weights are ModelSlim's, and without this file the loader takes them for a float"
            + " model's",
        other
            .map(file -> "rename %s to %s".formatted(file, Description.FILE))
            .orElse("copy it from where the checkpoint was made"));
  }

  /** The section on quantization, wherever the folder has it; empty without one. */
  static ObjectNode section(FolderContents contents) {
    return place(contents).map(Place::section).orElseGet(JsonFile::object);
  }

  private static Optional<Place> place(FolderContents contents) {
    for (String name : List.of(SECTION, OLD_SECTION)) {
      Optional<JsonNode> section =
          contents.configuration().map(configuration -> configuration.path(name));
      if (section.isPresent() && section.get() instanceof ObjectNode object) {
        return Optional.of(new Place("config.json " + name, object, Optional.empty()));
      }
    }
    return OLD_FILES.entrySet().stream()
        .filter(file -> contents.has(file.getKey()))
        .map(file ->
            new Place(file.getKey(), contents.object(file.getKey()), Optional.of(file.getValue())))
        .findFirst();
  }

  /**
   * Where a folder says how it is quantized.
   *
   * @param format of a file that belongs to one format and does not say so
   */
  private record Place(String name, ObjectNode section, Optional<FormatName> format) {

    /** vLLM looks for the old names when it is asked to, transformers never. */
    void say(LoaderTarget target, Findings findings) {
      String current = "config.json " + SECTION;
      if (name.equals(current)) {
        return;
      }
      String problem = "how the weights are quantized stands there, not in " + current;
      String move = "copy it into config.json as " + SECTION;
      if (target.is(LoaderTarget.TRANSFORMERS)) {
        findings.fault("configuration", name, problem + ", where the loader looks for it", move);
      } else if (format.isPresent()) {
        String method = format.get().label();
        findings.warn(
            "configuration",
            name,
            problem + ", so the loader does not notice by itself",
            "serve with --quantization %s, or %s with quant_method %s"
                .formatted(method, move, method));
      }
    }
  }

  private static boolean loads(LoaderTarget target, FormatName format) {
    return target.stack().schemes().stream().anyMatch(scheme -> scheme.formats().contains(format));
  }

  private static String loaded(LoaderTarget target) {
    return String.join(
        " or ",
        target.stack().schemes().stream()
            .flatMap(scheme -> scheme.formats().stream())
            .map(FormatName::label)
            .collect(Collectors.toCollection(TreeSet::new)));
  }
}
