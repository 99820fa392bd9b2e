package org.bitatlas.study;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.Tokenizer;

/** An opened quantized checkpoint that stands beside the float model that it was made from. */
final class ExistingCheckpoint implements AutoCloseable {
  /** Name of the format that BitAtlas writes itself. */
  private static final String OWN_FORMAT = "bitatlas";

  /** Texts whose ids depend on how a tokenizer splits: scripts, digits, spaces, code. */
  private static final List<String> PROBES =
      List.of(
          "How many 1234567 litres, don't you think? 3.14e-10",
          "二加三等于五。Größe, naïve, привет, 😀",
          "def f(x):\n    return  x**2\t# twice\n\n");

  private final CheckpointSpec spec;
  private final String format;
  private final ModelFolder folder;

  /**
   * The float model.
   *
   * @param name its name in the study
   * @param architecture its shapes
   * @param tokenizer what its prompts are encoded with
   */
  record Base(String name, Architecture architecture, Tokenizer tokenizer) {}

  private ExistingCheckpoint(CheckpointSpec spec, String format, ModelFolder folder) {
    this.spec = spec;
    this.format = format;
    this.folder = folder;
  }

  /**
   * Opens a checkpoint and checks that it is one of the float model.
   *
   * @throws BitAtlasException when it cannot be read, is not quantized, or has other shapes or
   *     another tokenizer
   */
  static ExistingCheckpoint open(CheckpointSpec spec, Path path, Base base) {
    Optional<FormatName> format = FormatCatalog.formatOf(path);
    ModelFolder folder = FormatCatalog.open(path);
    try {
      if (format.isEmpty() && folder.quantized().isEmpty()) {
        throw new BitAtlasException(
            "The checkpoint %s is a float model; give it as a model of the study, not as a row."
                .formatted(spec.location()));
      }
      requireShapes(spec, folder.architecture(), base);
      requireTokenizer(spec, folder.folder(), base);
      return new ExistingCheckpoint(spec, format.map(FormatName::label).orElse(OWN_FORMAT), folder);
    } catch (RuntimeException refused) {
      folder.close();
      throw refused;
    }
  }

  private static void requireShapes(CheckpointSpec spec, Architecture own, Base base) {
    SequencedMap<String, ToIntFunction<Architecture>> sizes = new LinkedHashMap<>();
    sizes.put("blocks", Architecture::layers);
    sizes.put("width", Architecture::hiddenSize);
    sizes.put("feed-forward width", Architecture::intermediateSize);
    sizes.put("query heads", Architecture::heads);
    sizes.put("key and value heads", Architecture::keyValueHeads);
    sizes.put("head width", Architecture::headDimension);
    sizes.put("vocabulary", Architecture::vocabularySize);
    sizes.forEach((name, size) -> {
      int here = size.applyAsInt(own);
      int there = size.applyAsInt(base.architecture());
      if (here != there) {
        throw new BitAtlasException(
            "The checkpoint %s is not one of %s: %s %d instead of %d; put it beside the float model that it was made from."
                .formatted(spec.location(), base.name(), name, here, there));
      }
    });
  }

  /** A folder without a tokenizer of its own is asked with the float model's. */
  private static void requireTokenizer(CheckpointSpec spec, Path folder, Base base) {
    boolean none =
        Stream.of("tokenizer.json", "tokenizer.model")
            .noneMatch(name -> Files.isRegularFile(folder.resolve(name)));
    if (none) {
      return;
    }
    Tokenizer own = ChatTokenizers.load(folder).tokenizer();
    if (own.digest().equals(base.tokenizer().digest())) {
      return;
    }
    int size = Math.max(own.vocabularySize(), base.tokenizer().vocabularySize());
    for (int id = 0; id < size; id++) {
      String here = own.decode(List.of(id), false);
      String there = base.tokenizer().decode(List.of(id), false);
      if (!here.equals(there)) {
        throw otherTokenizer(
            spec, base, "token %d is \"%s\" instead of \"%s\"".formatted(id, here, there));
      }
    }
    for (String probe : PROBES) {
      if (!Arrays.equals(own.encode(probe, true), base.tokenizer().encode(probe, true))) {
        throw otherTokenizer(
            spec,
            base,
            "\"%s\" becomes other tokens".formatted(probe.lines().findFirst().orElse("")));
      }
    }
  }

  private static BitAtlasException otherTokenizer(CheckpointSpec spec, Base base, String how) {
    return new BitAtlasException(
        "The checkpoint %s has another tokenizer than %s (%s); put it beside the float model that it was made from."
            .formatted(spec.location(), base.name(), how));
  }

  /** The opened folder. */
  ModelFolder folder() {
    return folder;
  }

  /** Memory of its weights, counted from what its files hold. */
  ModelSize size() {
    Architecture architecture = folder.architecture();
    Map<String, Long> weights = new LinkedHashMap<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        weights.put(
            projection.module(layer),
            (long) architecture.outputFeatures(projection)
                * architecture.inputFeatures(projection));
      }
    }
    return ModelSize.ofStored(folder.checkpoint(), weights, architecture.tiedEmbeddings());
  }

  /** Its scheme, and what else decides its results. */
  CheckpointFacts facts() {
    CheckpointScheme scheme = CheckpointScheme.of(folder);
    SequencedMap<String, String> options = new LinkedHashMap<>();
    options.put("format", format);
    options.putAll(scheme.options());
    String stated = stated();
    if (!stated.isEmpty()) {
      options.put("stated", stated);
    }
    SequencedMap<String, String> identity = new LinkedHashMap<>();
    identity.put("checkpoint.weights", folder.checkpoint().weightsDigest());
    identity.put(
        "checkpoint.meaning",
        RecordKey.sha256(folder.quantized().map(QuantizedCheckpoint::meaning).orElse("")));
    identity.put("checkpoint.architecture", RecordKey.sha256(folder.architecture().toString()));
    return new CheckpointFacts(format, scheme.bits(), options, identity);
  }

  /** What its configuration says of how it was made, as {@code name value} pairs. */
  private String stated() {
    List<String> parts = new ArrayList<>();
    folder
        .quantized()
        .map(quantized -> quantized.provenance().recipe())
        .orElseGet(LinkedHashMap::new)
        .forEach((name, value) -> {
          // A file may be called anything.
          if (!name.equals("format") && !name.equals("file")) {
            parts.add(name + " " + value);
          }
        });
    return String.join(", ", parts);
  }

  /**
   * What a reader of its row should know.
   *
   * @param floats the float model's checkpoint
   */
  List<String> notes(Checkpoint floats) {
    List<String> notes = new ArrayList<>();
    notes.add(
        "not quantized here: the %s checkpoint %s as it was found"
            .formatted(format, spec.location()));
    folder
        .quantized()
        .map(QuantizedCheckpoint::provenance)
        .map(Provenance::baseWeightsDigest)
        .filter(digest -> !digest.isEmpty() && !digest.equals(floats.weightsDigest()))
        .ifPresent(_ ->
            notes.add("it says that it was made from other weights than those of the float row"));
    return List.copyOf(notes);
  }

  @Override
  public void close() {
    folder.close();
  }
}
