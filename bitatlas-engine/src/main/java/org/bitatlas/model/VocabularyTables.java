package org.bitatlas.model;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.kernel.LinearInput;
import org.bitatlas.kernel.WeightOnlyLinear;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Embedding and head of a model, which may be one table. With packed weights a quantized table is
 * never dequantized as a whole: rows are looked up one at a time, and the head multiplies its
 * codes.
 */
final class VocabularyTables implements AutoCloseable {

  private final Architecture architecture;
  private final ElementType type;
  private final Optional<PackedExecution> execution;
  private final Optional<StoredLinear> embeddingCodes;
  private final Optional<Tensor> embedding;
  private final Optional<TracedLinear> headCodes;
  private final Optional<Tensor> ownHead;

  VocabularyTables(WeightSource source, Optional<PackedExecution> execution) {
    this.architecture = source.architecture();
    this.type = source.elementType();
    this.execution = execution;
    embeddingCodes = codes(source, QuantizedCheckpoint.EMBEDDING);
    embedding =
        embeddingCodes.isPresent()
            ? Optional.empty()
            : Optional.of(table(source, QuantizedCheckpoint.EMBEDDING));
    Optional<StoredLinear> head =
        source.hasHead() ? codes(source, QuantizedCheckpoint.HEAD) : embeddingCodes;
    headCodes =
        execution.flatMap(present ->
            head.map(linear ->
                new TracedLinear(
                    "head",
                    new WeightOnlyLinear(linear, new float[0], present.kernels()),
                    false,
                    present)));
    ownHead =
        source.hasHead() && head.isEmpty()
            ? Optional.of(table(source, QuantizedCheckpoint.HEAD))
            : Optional.empty();
  }

  private Optional<StoredLinear> codes(WeightSource source, String module) {
    if (execution.isEmpty()) {
      return Optional.empty();
    }
    Optional<StoredLinear> codes = source.codes(module);
    codes.ifPresent(linear ->
        WeightSource.requireSize(
            linear, module, architecture.vocabularySize(), architecture.hiddenSize()));
    return codes;
  }

  private Tensor table(WeightSource source, String module) {
    return source.ownedWeight(module, architecture.vocabularySize(), architecture.hiddenSize());
  }

  /** The embeddings [ids x D] of token ids. */
  Tensor rows(long[] ids) {
    if (embedding.isPresent()) {
      Tensor table = embedding.get();
      return table.indexSelect(0, Tensor.fromLongs(ids, ids.length).to(table.device()));
    }
    StoredLinear codes = embeddingCodes.orElseThrow();
    int width = architecture.hiddenSize();
    float[] all = new float[ids.length * width];
    float[] row = new float[width];
    for (int i = 0; i < ids.length; i++) {
      codes.dequantizeRow((int) ids[i], row);
      System.arraycopy(row, 0, all, i * width, width);
    }
    return Tensor.from(all, ids.length, width).to(type);
  }

  /** Logits [.. x V] of normalised hidden states [.. x D], in the model's type. */
  Tensor logits(Tensor hidden) {
    if (headCodes.isEmpty()) {
      Tensor head = ownHead.orElseGet(embedding::orElseThrow);
      return PhaseClock.time(Phase.HEAD, () -> hidden.linear(head, Optional.empty()));
    }
    PackedExecution present = execution.orElseThrow();
    try (TensorScope scope = TensorScope.open()) {
      LinearInput input = present.take(hidden.contiguous());
      try {
        long[] shape = Arrays.copyOf(hidden.shape(), hidden.shape().length);
        shape[shape.length - 1] = architecture.vocabularySize();
        return scope.keep(headCodes.get().apply(input, Phase.HEAD).view(shape));
      } finally {
        present.giveBack(input);
      }
    }
  }

  /** What would run in place of what is promised, in words. */
  Optional<String> belowPromise() {
    return headCodes.flatMap(TracedLinear::belowPromise);
  }

  @Override
  public void close() {
    embedding.ifPresent(Tensor::close);
    headCodes.ifPresent(TracedLinear::close);
    ownHead.ifPresent(Tensor::close);
  }
}
