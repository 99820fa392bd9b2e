package org.bitatlas.format.check;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Files beside the weights: tokenizer, the model's own code, licence. */
final class CompanionFiles {

  private static final List<String> LEGAL = List.of("license", "licence", "copying");

  private CompanionFiles() {}

  static void check(FolderContents contents, LoaderTarget target, Findings findings) {
    boolean tokenizer =
        contents.has("tokenizer.json")
            || contents.has("tokenizer.model")
            || (contents.has("vocab.json") && contents.has("merges.txt"));
    if (!tokenizer) {
      findings.fault(
          "missing-tokenizer",
          "tokenizer.json",
          "the folder has neither tokenizer.json nor tokenizer.model nor vocab.json with"
              + " merges.txt",
          "copy the tokenizer files from the float model");
    } else if (!contents.has("tokenizer_config.json")) {
      findings.warn(
          "missing-tokenizer",
          "tokenizer_config.json",
          "without it special tokens and the chat template are guessed",
          "copy it from the float model");
    }
    licence(contents, findings);
    code(contents, target, findings);
  }

  /** Whether the terms of the model travel with it. */
  static void licence(FolderContents contents, Findings findings) {
    if (contents.files().stream().noneMatch(CompanionFiles::isLegal)) {
      findings.warn(
          "missing-licence",
          "LICENSE",
          "the folder has no licence file, and most licences ask that theirs travels with the"
              + " weights",
          "copy LICENSE and NOTICE files from the float model");
    }
  }

  private static boolean isLegal(String file) {
    String name = file.toLowerCase(Locale.ROOT);
    return LEGAL.stream().anyMatch(name::contains);
  }

  /** Python files that config.json names, and a model type that only such code defines. */
  private static void code(FolderContents contents, LoaderTarget target, Findings findings) {
    if (contents.configuration().isEmpty()) {
      return;
    }
    JsonNode configuration = contents.configuration().get();
    Set<String> modules = new TreeSet<>();
    for (Map.Entry<String, JsonNode> entry : configuration.path("auto_map").properties()) {
      String reference = entry.getValue().asString("");
      boolean elsewhere = reference.contains("--");
      if (!elsewhere && reference.contains(".")) {
        modules.add(reference.substring(0, reference.indexOf('.')) + ".py");
      }
    }
    for (String file : modules) {
      if (!contents.has(file)) {
        findings.fault(
            "missing-code",
            file,
            "config.json names it in auto_map and the folder does not have it",
            "copy the .py files of the float model");
      }
    }
    boolean pangu = configuration.path("model_type").asString("").equals("PanguEmbedded");
    if (pangu && modules.isEmpty()) {
      String problem =
          "transformers does not know model_type PanguEmbedded and no auto_map names code for it";
      String remedy =
          "copy the vendor's configuration_openpangu_dense.py and modeling_openpangu_dense.py with"
              + " auto_map, or rename the architecture to LlamaForCausalLM with attention_bias"
              + " true";
      if (target.is(LoaderTarget.TRANSFORMERS)) {
        findings.fault("missing-code", "config.json auto_map", problem, remedy);
      } else {
        findings.warn("missing-code", "config.json auto_map", problem, remedy);
      }
    }
  }
}
