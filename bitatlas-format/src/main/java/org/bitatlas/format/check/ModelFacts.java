package org.bitatlas.format.check;

import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.node.ObjectNode;

/** What config.json says of the model. */
final class ModelFacts {

  /** More blocks than any dense model has; a larger number is damage. */
  private static final int MOST_LAYERS = 2000;

  private ModelFacts() {}

  /** The architecture; empty, with a finding, where the stack has no class for it. */
  static Optional<Architecture> architecture(
      FolderContents contents, LoaderTarget target, Findings findings) {
    if (contents.configuration().isEmpty()) {
      return Optional.empty();
    }
    Architecture architecture;
    try {
      architecture =
          ArchitectureReader.read(contents.folder().resolve(FolderContents.CONFIGURATION));
    } catch (BitAtlasException refused) {
      findings.fault(
          "architecture",
          "config.json",
          FolderContents.sentence(refused),
          "serve the model with code of its own architecture, or mend the field");
      return Optional.empty();
    }
    if (architecture.layers() > MOST_LAYERS) {
      findings.fault(
          "architecture",
          "config.json num_hidden_layers",
          architecture.layers() + " blocks are more than any model has",
          "copy config.json again from the float model");
      return Optional.empty();
    }
    if (!target.stack().models().containsKey(architecture.family())) {
      findings.fault(
          "architecture",
          "config.json architectures",
          "%s is not known to serve %s".formatted(target.stack().title(), architecture.family()),
          "choose a stack that does: known there are "
              + String.join(", ", target.stack().models().sequencedKeySet()));
    }
    return Optional.of(architecture);
  }

  /** The type that the model runs in: {@code torch_dtype}, or {@code dtype}. */
  static Optional<ElementType> type(FolderContents contents) {
    if (contents.configuration().isEmpty()) {
      return Optional.empty();
    }
    ObjectNode configuration = contents.configuration().get();
    String named =
        configuration.path("torch_dtype").asString(configuration.path("dtype").asString(""));
    return switch (named.replace("torch.", "")) {
      case "bfloat16" -> Optional.of(ElementType.BF16);
      case "float16", "half" -> Optional.of(ElementType.F16);
      case "float32", "float" -> Optional.of(ElementType.F32);
      default -> Optional.empty();
    };
  }
}
