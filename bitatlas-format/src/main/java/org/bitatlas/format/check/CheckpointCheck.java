package org.bitatlas.format.check;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.format.FormatName;
import org.bitatlas.model.Architecture;
import tools.jackson.databind.node.ObjectNode;

/**
 * The pre-flight: reproduces what a serving stack looks up in a folder and reports every problem in
 * one go. Reads files only; needs no native library and writes nothing.
 */
public final class CheckpointCheck {

  private CheckpointCheck() {}

  /**
   * Checks a folder.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when there is no such folder
   */
  public static CheckReport run(Path folder, LoaderTarget target) {
    Findings findings = new Findings();
    try (FolderContents contents = FolderContents.open(folder, findings)) {
      Optional<FormatName> format = FormatDetection.of(contents, target, findings);
      if (format.equals(Optional.of(FormatName.GGUF))) {
        CompanionFiles.licence(contents, findings);
        GgufCheck.check(contents, target, findings);
      } else {
        CompanionFiles.check(contents, target, findings);
        boolean loaded = findings.all().stream().noneMatch(CheckpointCheck::refusesTheFormat);
        ModelFacts.architecture(contents, target, findings)
            .filter(_ -> loaded)
            .ifPresent(architecture -> tensors(contents, target, format, architecture, findings));
      }
      return new CheckReport(folder, target, format, findings.all());
    }
  }

  /** Before any tensor is looked up, a missing description is that of the whole folder. */
  private static boolean refusesTheFormat(Finding finding) {
    return finding.rule().equals("format") || finding.rule().equals("missing-description");
  }

  private static void tensors(
      FolderContents contents,
      LoaderTarget target,
      Optional<FormatName> format,
      Architecture architecture,
      Findings findings) {
    if (contents.tensors().isEmpty()) {
      if (findings.all().stream().anyMatch(finding -> finding.rule().equals("damaged-file"))) {
        return;
      }
      findings.fault(
          "missing-file",
          "model.safetensors",
          "the folder has no tensors that can be read",
          "copy or export the weights again");
      return;
    }
    TensorInspection inspection = new TensorInspection(contents, findings);
    if (format.isEmpty()) {
      PlainTensors.check(architecture, inspection, Set.of(), Set.of());
      inspection.unexpected();
      return;
    }
    ObjectNode section = FormatDetection.section(contents);
    boolean checked =
        switch (format.get()) {
          case MODELSLIM -> new ModelSlimCheck(contents, target, architecture, inspection).check();
          case COMPRESSED_TENSORS ->
              new CompressedTensorsCheck(section, target, architecture, inspection).check();
          case GPTQ -> new GptqCheck(section, target, architecture, inspection).check();
          case AWQ -> new AwqCheck(section, target, architecture, inspection).check();
          case GGUF -> false;
        };
    if (checked) {
      inspection.unexpected();
    }
  }
}
