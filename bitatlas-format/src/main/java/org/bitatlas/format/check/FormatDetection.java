package org.bitatlas.format.check;

import java.util.Arrays;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.modelslim.Description;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Which format a folder is of, as its loaders tell. */
final class FormatDetection {

  private static final String SECTION = "quantization_config";
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
    Optional<FormatName> format = format(contents, findings);
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

  private static Optional<FormatName> format(FolderContents contents, Findings findings) {
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
    if (section.isEmpty()) {
      return contents.has("quantize_config.json") ? Optional.of(FormatName.GPTQ) : Optional.empty();
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

  /** The section on quantization of config.json, or quantize_config.json; empty without one. */
  static ObjectNode section(FolderContents contents) {
    Optional<JsonNode> section =
        contents.configuration().map(configuration -> configuration.path(SECTION));
    if (section.isPresent() && section.get() instanceof ObjectNode object) {
      return object;
    }
    if (contents.has("quantize_config.json")) {
      return FolderContents.object(
              contents.folder(), contents.files(), "quantize_config.json", new Findings())
          .orElseGet(JsonFile::object);
    }
    return JsonFile.object();
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
