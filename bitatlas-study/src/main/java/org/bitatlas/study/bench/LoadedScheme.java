package org.bitatlas.study.bench;

import java.util.List;
import java.util.stream.Collectors;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * A model in memory, in one scheme and one way to execute it.
 *
 * @param facts what it is
 * @param model runs it
 */
record LoadedScheme(SchemeFacts facts, TransformerModel model) implements AutoCloseable {

  /**
   * Loads a scheme.
   *
   * @throws BitAtlasException where kernels are required that this machine has not
   */
  static LoadedScheme load(BenchSubject subject, Scheme scheme, BenchOptions options) {
    Precision precision = scheme.precision().orElse(options.precision());
    Architecture architecture = subject.architecture();
    if (scheme.weights().isEmpty()) {
      TransformerModel model =
          TransformerModel.load(
              architecture, subject.floats(), precision, options.threads(), options.device());
      ElementType type = precision.elementType();
      return of(
          scheme.name(),
          scheme.words(),
          "float",
          floatSize(subject, precision),
          floatTables(architecture, type),
          type,
          bytes(linearWeights(architecture), type),
          model);
    }
    QuantizedCheckpoint codes = RandomCodes.of(architecture, scheme);
    TransformerModel model =
        TransformerModel.load(
            architecture,
            subject.floats(),
            codes,
            precision,
            options.execution(),
            options.threads(),
            options.device());
    return quantized(scheme.name(), scheme.words(), codes, subject.floats(), model, options);
  }

  /** Loads the folder that is itself quantized. */
  static LoadedScheme loadStored(BenchSubject subject, BenchOptions options) {
    ModelFolder folder = subject.stored().orElseThrow();
    QuantizedCheckpoint codes = folder.quantized().orElseThrow();
    String words =
        codes.linears().values().stream()
            .map(StoredLinear::scheme)
            .distinct()
            .sorted()
            .collect(Collectors.joining("; "));
    TransformerModel model =
        folder.load(options.precision(), options.execution(), options.threads(), options.device());
    return quantized(BenchOptions.STORED, words, codes, folder.checkpoint(), model, options);
  }

  private static LoadedScheme quantized(
      String name,
      String words,
      QuantizedCheckpoint codes,
      Checkpoint floats,
      TransformerModel model,
      BenchOptions options) {
    if (options.requireKernels()) {
      try {
        model.requirePromisedKernels();
      } catch (BitAtlasException refused) {
        model.close();
        throw refused;
      }
    }
    Architecture architecture = model.architecture();
    ModelSize stored = ModelSize.ofQuantized(codes, floats, architecture.tiedEmbeddings());
    long tables = storedTables(codes, floats, architecture.tiedEmbeddings());
    ElementType type = model.precision().elementType();
    if (options.execution() == Execution.SIMULATED) {
      long linears = bytes(linearWeights(architecture), type);
      return of(name, words, "simulated", stored, tables, type, linears, model);
    }
    boolean integers =
        !codes.activations().isEmpty()
            && codes.activations().values().stream().allMatch(around -> around.input().isPresent());
    return of(
        name,
        words,
        "integer",
        stored,
        tables,
        integers ? ElementType.I8 : type,
        stored.linearBytes(),
        model);
  }

  private static LoadedScheme of(
      String name,
      String words,
      String execution,
      ModelSize stored,
      long tableBytes,
      ElementType arithmetic,
      long linearBytesRead,
      TransformerModel model) {
    Architecture architecture = model.architecture();
    ElementType type = model.precision().elementType();
    long head = (long) architecture.vocabularySize() * architecture.hiddenSize();
    return new LoadedScheme(
        new SchemeFacts(
            name,
            words,
            execution,
            model.execution(),
            arithmetic,
            stored.wholeModelBytes(),
            stored.linearBytes(),
            tableBytes,
            linearBytesRead + bytes(head, type),
            model.cacheLayout().bytes() / PageLayout.TOKENS),
        model);
  }

  /** Size in the precision the model runs in, whatever the checkpoint's type. */
  private static ModelSize floatSize(BenchSubject subject, Precision precision) {
    Architecture architecture = subject.architecture();
    long whole = 0;
    for (String name : subject.floats().names()) {
      if (!architecture.tiedEmbeddings() || !name.equals(QuantizedCheckpoint.HEAD + ".weight")) {
        whole += subject.floats().get(name).elementCount();
      }
    }
    ElementType type = precision.elementType();
    return new ModelSize(bytes(whole, type), bytes(linearWeights(architecture), type), type.bits());
  }

  private static long floatTables(Architecture architecture, ElementType type) {
    long table = (long) architecture.vocabularySize() * architecture.hiddenSize();
    return bytes(architecture.tiedEmbeddings() ? table : 2 * table, type);
  }

  /** Embedding and head: codes where the checkpoint has them, else float tensors. */
  private static long storedTables(QuantizedCheckpoint codes, Checkpoint floats, boolean tied) {
    long bytes = 0;
    for (String module : List.of(QuantizedCheckpoint.EMBEDDING, QuantizedCheckpoint.HEAD)) {
      StoredLinear table = codes.linears().get(module);
      if (table != null) {
        bytes += table.storedBytes();
      } else if (!tied || module.equals(QuantizedCheckpoint.EMBEDDING)) {
        bytes += floats.find(module + ".weight").map(tensor -> tensor.data().byteSize()).orElse(0L);
      }
    }
    return bytes;
  }

  /** Number of weights of the linear layers of all blocks. */
  static long linearWeights(Architecture architecture) {
    long weights = 0;
    for (Projection projection : Projection.values()) {
      weights +=
          (long) architecture.outputFeatures(projection) * architecture.inputFeatures(projection);
    }
    return architecture.layers() * weights;
  }

  private static long bytes(long elements, ElementType type) {
    return elements * type.bits() / Byte.SIZE;
  }

  @Override
  public void close() {
    model.close();
  }
}
