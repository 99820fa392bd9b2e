package org.bitatlas.format.check;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.modelslim.Description;
import org.bitatlas.format.modelslim.LinearType;
import org.bitatlas.format.modelslim.TensorNames;
import org.bitatlas.format.support.StackVersion;
import org.bitatlas.format.support.SupportedScheme;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * What vLLM-Ascend looks up in an AscendV1 folder: for every module its word in the description,
 * with one word for the parts of a fused layer, and for every word its tensors
 * (vllm_ascend/quantization/modelslim_config.py and methods/).
 */
final class ModelSlimCheck {

  private static final String AGAIN = "export the checkpoint again";

  /** Only this series goes on without a word for the embedding and a tied head. */
  private static final StackVersion GUARDED = StackVersion.of("0.23rc0");

  private static final StackVersion AFTER_GUARDED = StackVersion.of("0.24rc0");

  private final FolderContents contents;
  private final LoaderTarget target;
  private final Architecture architecture;
  private final TensorInspection inspection;
  private final Findings findings;

  ModelSlimCheck(
      FolderContents contents,
      LoaderTarget target,
      Architecture architecture,
      TensorInspection inspection) {
    this.contents = contents;
    this.target = target;
    this.architecture = architecture;
    this.inspection = inspection;
    this.findings = inspection.findings();
  }

  /** Whether the description could be read and all tensors were looked up. */
  boolean check() {
    Description description;
    try {
      description = Description.read(contents.folder());
    } catch (BitAtlasException malformed) {
      findings.fault("malformed-file", Description.FILE, FolderContents.sentence(malformed), AGAIN);
      return false;
    }
    tables(description);
    ModelSlimLayerCheck layers = new ModelSlimLayerCheck(target, description, inspection);
    Set<String> quantized = new HashSet<>();
    Set<String> withoutBias = new HashSet<>();
    Optional<ElementType> modelType = ModelFacts.type(contents);
    boolean complete = true;
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (FusedModules fused : FusedModules.ofABlock()) {
        oneWord(fused, layer, description);
        for (Projection projection : fused.parts()) {
          String module = projection.module(layer);
          Optional<LinearType> type = type(module, description);
          complete &= type.isPresent();
          if (type.isPresent() && type.get() != LinearType.FLOAT) {
            quantized.add(module);
            if (type.get().staticActivations()) {
              withoutBias.add(module);
            }
            layers.check(
                module,
                type.get(),
                architecture.outputFeatures(projection),
                architecture.inputFeatures(projection),
                architecture.hasBias(projection),
                modelType);
          }
        }
        oneInput(fused, layer);
      }
      cache(layer, description);
    }
    PlainTensors.check(architecture, inspection, quantized, withoutBias);
    return complete;
  }

  /** Embedding and head: named, and float. */
  private void tables(Description description) {
    for (String module : List.of(QuantizedCheckpoint.EMBEDDING, QuantizedCheckpoint.HEAD)) {
      String name = module + TensorNames.WEIGHT;
      Optional<String> word = description.word(module);
      if (word.isEmpty() && !goesOnWithoutAWord()) {
        boolean tied = module.equals(QuantizedCheckpoint.HEAD) && architecture.tiedEmbeddings();
        findings.fault(
            "missing-description",
            name,
            "%s does not name it%s, and the loader stops with a KeyError"
                .formatted(Description.FILE, tied ? ", tied to the embedding as it is" : ""),
            "add \"%s\": \"FLOAT\" to %s".formatted(name, Description.FILE));
      }
      if (word.isPresent() && !word.get().equals(LinearType.FLOAT.name())) {
        findings.fault(
            "unsupported-type",
            name,
            "its type is %s, and embedding and head are loaded as FLOAT".formatted(word.get()),
            "export again with embedding and head in float");
        inspection.claim(name);
      }
    }
  }

  private boolean goesOnWithoutAWord() {
    return target.version().compareTo(GUARDED) >= 0
        && target.version().compareTo(AFTER_GUARDED) < 0;
  }

  private void oneWord(FusedModules fused, int layer, Description description) {
    List<String> modules = fused.modules(layer);
    String first = modules.getFirst();
    Optional<String> word = description.word(first);
    for (String module : modules) {
      Optional<String> other = description.word(module);
      if (word.isPresent() && other.isPresent() && !other.equals(word)) {
        findings.fault(
            "mixed-types",
            module + TensorNames.WEIGHT,
            "its type is %s and that of %s is %s, but both are parts of %s, which has one"
                .formatted(other.get(), first, word.get(), fused.module(layer)),
            "quantize all parts of %s alike, or leave all of them float".formatted(fused.name()));
      }
    }
  }

  private Optional<LinearType> type(String module, Description description) {
    String name = module + TensorNames.WEIGHT;
    Optional<String> word = description.word(module);
    if (word.isEmpty()) {
      findings.fault(
          "missing-description",
          name,
          "%s does not name it, and the loader stops with a KeyError".formatted(Description.FILE),
          AGAIN + ", or add the tensor with its type (FLOAT if it is not quantized)");
      inspection.claim(name);
      return Optional.empty();
    }
    Optional<LinearType> type = LinearType.ofWord(word.get());
    if (type.equals(Optional.of(LinearType.FLOAT))) {
      return type;
    }
    Optional<SupportedScheme> scheme =
        target
            .stack()
            .scheme(word.get(), SupportedScheme.Layers.LINEAR, target.version(), target.device());
    boolean loads =
        scheme
            .filter(row ->
                row.versions().contains(target.version())
                    && row.devices().contains(target.device()))
            .isPresent();
    if (!loads) {
      findings.fault(
          "unsupported-type",
          name,
          "%s does not load linear layers of type %s%s"
              .formatted(target.words(), word.get(), scheme.map(this::where).orElse("")),
          "export with a type that it loads: " + loadable());
    }
    return type;
  }

  private String where(SupportedScheme scheme) {
    return scheme.versions().contains(target.version())
        ? ", only on " + String.join(", ", scheme.devices().stream().map(d -> d.label()).toList())
        : ", only versions " + scheme.versions().words();
  }

  private String loadable() {
    return String.join(
        ", ",
        target.stack().schemes().stream()
            .filter(scheme ->
                scheme.layers() == SupportedScheme.Layers.LINEAR
                    && LinearType.ofWord(scheme.name()).isPresent()
                    && scheme.versions().contains(target.version())
                    && scheme.devices().contains(target.device()))
            .map(SupportedScheme::name)
            .toList());
  }

  private void oneInput(FusedModules fused, int layer) {
    for (String parameter :
        List.of(
            TensorNames.INPUT_SCALE,
            TensorNames.INPUT_OFFSET,
            TensorNames.LEFT_TRANS,
            TensorNames.RIGHT_TRANS,
            TensorNames.CLIP_RATIO)) {
      FusedRules.oneValue(fused, layer, parameter, inspection, findings);
    }
  }

  /** Keys and values in 8 bits: a scale and an offset per channel. */
  private void cache(int layer, Description description) {
    if (!description.cacheType().equals(Optional.of("C8"))) {
      return;
    }
    long channels = architecture.outputFeatures(Projection.KEY);
    for (Projection projection : List.of(Projection.KEY, Projection.VALUE)) {
      String module = projection.module(layer);
      inspection.scales(
          inspection.require(module + ".kv_cache_scale", TensorInspection.FLOATS, channels));
      inspection.require(module + ".kv_cache_offset", TensorInspection.FLOATS, channels);
    }
  }
}
