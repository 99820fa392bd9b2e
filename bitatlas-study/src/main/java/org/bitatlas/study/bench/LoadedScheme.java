package org.bitatlas.study.bench;

import java.util.stream.Collectors;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.ElementType;

/**
 * A model in memory, in one scheme and one way to execute it.
 *
 * @param facts what it is
 * @param model runs it
 */
record LoadedScheme(SchemeFacts facts, TransformerModel model) implements AutoCloseable {

  /** Loads a scheme: of a quantized one its simulation in floating point. */
  static LoadedScheme load(BenchSubject subject, Scheme scheme, Precision precision) {
    Precision used = scheme.precision().orElse(precision);
    Architecture architecture = subject.architecture();
    if (scheme.weights().isEmpty()) {
      TransformerModel model = TransformerModel.load(architecture, subject.floats(), used);
      ModelSize stored = floatSize(subject, used);
      return of(scheme.name(), scheme.words(), "float", stored, model);
    }
    QuantizedCheckpoint codes = RandomCodes.of(architecture, scheme);
    TransformerModel model = TransformerModel.load(architecture, subject.floats(), codes, used);
    ModelSize stored =
        ModelSize.ofQuantized(codes, subject.floats(), architecture.tiedEmbeddings());
    return of(scheme.name(), scheme.words(), "simulated", stored, model);
  }

  /** Loads the folder that is itself quantized. */
  static LoadedScheme loadStored(BenchSubject subject, Precision precision) {
    var folder = subject.stored().orElseThrow();
    QuantizedCheckpoint codes = folder.quantized().orElseThrow();
    String words =
        codes.linears().values().stream()
            .map(linear -> linear.scheme())
            .distinct()
            .sorted()
            .collect(Collectors.joining("; "));
    ModelSize stored =
        ModelSize.ofQuantized(codes, folder.checkpoint(), subject.architecture().tiedEmbeddings());
    return of(BenchOptions.STORED, words, "simulated", stored, folder.load(precision));
  }

  private static LoadedScheme of(
      String name, String words, String execution, ModelSize stored, TransformerModel model) {
    Architecture architecture = model.architecture();
    ElementType type = model.precision().elementType();
    long cache =
        2L * architecture.layers() * architecture.keyValueHeads() * architecture.headDimension();
    long head = (long) architecture.vocabularySize() * architecture.hiddenSize();
    return new LoadedScheme(
        new SchemeFacts(
            name,
            words,
            execution,
            model.execution(),
            type,
            stored.wholeModelBytes(),
            stored.linearBytes(),
            bytes(linearWeights(architecture) + head, type),
            bytes(cache, type)),
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
