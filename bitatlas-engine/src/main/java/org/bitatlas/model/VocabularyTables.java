package org.bitatlas.model;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.kernel.DenseLinear;
import org.bitatlas.kernel.LinearInput;
import org.bitatlas.kernel.PackedLinear;
import org.bitatlas.kernel.WeightOnlyLinear;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Embedding and head of a model, which may be one table and then one copy. With packed weights rows
 * of a quantized table are looked up one at a time, and the head multiplies its codes; a float head
 * is packed for its product, and rows of a table that is also the embedding are read from there.
 */
final class VocabularyTables implements AutoCloseable {

  private final Architecture architecture;
  private final ElementType type;
  private final Optional<PackedExecution> execution;
  private final Optional<StoredLinear> embeddingCodes;
  private final Optional<DenseLinear> denseHead;
  private final Optional<TracedLinear> packedHead;
  private final Optional<Tensor> embedding;
  private final Optional<Tensor> ownHead;
  private final boolean tied;

  VocabularyTables(WeightSource source, Optional<PackedExecution> execution) {
    this.architecture = source.architecture();
    this.type = source.elementType();
    this.execution = execution;
    tied = !source.hasHead();
    embeddingCodes = codes(source, QuantizedCheckpoint.EMBEDDING);
    String headModule = tied ? QuantizedCheckpoint.EMBEDDING : QuantizedCheckpoint.HEAD;
    Optional<StoredLinear> headCodes = codes(source, headModule);
    denseHead =
        execution.isPresent() && headCodes.isEmpty()
            ? Optional.of(dense(source, headModule))
            : Optional.empty();
    packedHead =
        execution.map(present ->
            new TracedLinear(
                "head",
                headCodes
                    .<PackedLinear>map(
                        codes -> new WeightOnlyLinear(codes, new float[0], type, present.kernels()))
                    .orElseGet(denseHead::orElseThrow),
                false,
                present));
    embedding =
        embeddingCodes.isPresent() || (tied && denseHead.isPresent())
            ? Optional.empty()
            : Optional.of(table(source, QuantizedCheckpoint.EMBEDDING));
    ownHead =
        !tied && execution.isEmpty()
            ? Optional.of(table(source, QuantizedCheckpoint.HEAD))
            : Optional.empty();
  }

  private DenseLinear dense(WeightSource source, String module) {
    int rows = architecture.vocabularySize();
    int columns = architecture.hiddenSize();
    return DenseLinear.pack(type, rows, columns, source.rows(module, rows, columns), new float[0]);
  }

  private Optional<StoredLinear> codes(WeightSource source, String module) {
    if (execution.filter(VocabularyTables::multipliesCodes).isEmpty()) {
      return Optional.empty();
    }
    Optional<StoredLinear> codes = source.codes(module);
    codes.ifPresent(linear ->
        WeightSource.requireSize(
            linear, module, architecture.vocabularySize(), architecture.hiddenSize()));
    return codes;
  }

  /** Embedding and head are float on an NPU. */
  private static boolean multipliesCodes(PackedExecution execution) {
    return execution.onCodes() && !execution.emulated();
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
    if (embeddingCodes.isEmpty()) {
      return denseHead.orElseThrow().rows(ids);
    }
    StoredLinear codes = embeddingCodes.get();
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
    if (packedHead.isEmpty()) {
      Tensor head = ownHead.orElseGet(embedding::orElseThrow);
      return PhaseClock.time(Phase.HEAD, () -> hidden.linear(head, Optional.empty()));
    }
    PackedExecution present = execution.orElseThrow();
    try (TensorScope scope = TensorScope.open()) {
      LinearInput input = present.take(hidden.contiguous());
      try {
        long[] shape = Arrays.copyOf(hidden.shape(), hidden.shape().length);
        shape[shape.length - 1] = architecture.vocabularySize();
        return scope.keep(packedHead.get().apply(input, Phase.HEAD).view(shape));
      } finally {
        present.giveBack(input);
      }
    }
  }

  /** What would run in place of what is promised, in words. */
  Optional<String> belowPromise() {
    return denseHead.isPresent()
        ? Optional.empty()
        : packedHead.flatMap(TracedLinear::belowPromise);
  }

  @Override
  public void close() {
    embedding.ifPresent(Tensor::close);
    packedHead.ifPresent(TracedLinear::close);
    ownHead.ifPresent(Tensor::close);
  }
}
