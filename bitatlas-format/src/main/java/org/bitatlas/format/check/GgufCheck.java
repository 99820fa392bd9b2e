package org.bitatlas.format.check;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.gguf.GgufFile;
import org.bitatlas.format.gguf.GgufMetadata;
import org.bitatlas.format.gguf.GgufReader;
import org.bitatlas.format.gguf.GgufTensor;
import org.bitatlas.format.gguf.GgufType;
import org.bitatlas.format.support.SupportedScheme;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.tensor.BitAtlasException;

/** What llama.cpp looks up in a GGUF file: header, architecture, tensors, types, vocabulary. */
final class GgufCheck {

  private static final String ENDING = ".gguf";
  private static final String AGAIN = "export the file again";

  private GgufCheck() {}

  static void check(FolderContents contents, LoaderTarget target, Findings findings) {
    List<String> files = contents.files().stream().filter(file -> file.endsWith(ENDING)).toList();
    List<Path> models =
        GgufReader.models(files.stream().map(file -> contents.folder().resolve(file)).toList());
    if (models.size() != 1) {
      findings.fault(
          "duplicate-tensor",
          files.getLast(),
          "the folder has %d GGUF models and one is expected".formatted(models.size()),
          "put every model into a folder of its own");
      return;
    }
    Path path = models.getFirst();
    String name = String.valueOf(path.getFileName());
    try (GgufFile file = GgufFile.open(path)) {
      vocabulary(name, file.metadata(), findings);
      types(file, target, findings);
    } catch (BitAtlasException damaged) {
      findings.fault("damaged-file", name, FolderContents.sentence(damaged), AGAIN);
      return;
    }
    try (ModelFolder opened = new GgufReader().map(path)) {
      String family = opened.architecture().family();
      if (!target.stack().models().containsKey(family)) {
        findings.fault(
            "architecture",
            "general.architecture",
            "%s is not known to serve %s".formatted(target.stack().title(), family),
            "choose another stack");
      }
    } catch (BitAtlasException refused) {
      findings.fault(
          "architecture",
          name,
          FolderContents.sentence(refused),
          AGAIN + " from a model of a supported architecture");
    }
  }

  private static void vocabulary(String file, GgufMetadata metadata, Findings findings) {
    for (String key : List.of("tokenizer.ggml.model", "tokenizer.ggml.tokens")) {
      if (!metadata.has(key)) {
        findings.fault(
            "missing-tokenizer",
            key,
            "%s has no such key, so the model has no vocabulary".formatted(file),
            "export again from a folder with its tokenizer files");
      }
    }
  }

  /** Types of blocks that the device has kernels for. */
  private static void types(GgufFile file, LoaderTarget target, Findings findings) {
    Set<String> known =
        target.stack().schemes().stream()
            .filter(scheme ->
                scheme.formats().contains(FormatName.GGUF)
                    && scheme.devices().contains(target.device()))
            .map(SupportedScheme::name)
            .map(name -> name.split(" ", 2)[0])
            .collect(Collectors.toCollection(TreeSet::new));
    boolean onAscend = target.device().label().startsWith("ascend");
    for (GgufTensor tensor : file.tensors().values()) {
      GgufType type = tensor.info().type();
      if (onAscend && !type.isFloat() && !known.contains(type.name())) {
        findings.fault(
            "unsupported-type",
            tensor.info().name(),
            "the CANN backend has no kernel for %s on %s".formatted(type, target.device().label()),
            known.isEmpty() ? "export as F16" : "export as " + String.join(" or ", known));
      }
    }
  }
}
