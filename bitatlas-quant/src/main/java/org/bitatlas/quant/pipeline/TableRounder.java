package org.bitatlas.quant.pipeline;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.BlockParts;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** Rounds embedding and head to nearest, a few rows at a time. */
final class TableRounder {

  private static final String EMBEDDING = "model.embed_tokens";
  private static final String HEAD = "lm_head";
  private static final int ROWS = 4096;

  private final Source source;
  private final Recipe recipe;
  private final Tiles tiles;

  TableRounder(Source source, Recipe recipe, Tiles tiles) {
    this.source = source;
    this.recipe = recipe;
    this.tiles = tiles;
  }

  /**
   * The tables a recipe changes.
   *
   * @param parts {@code model.embed_tokens} and {@code lm_head}, where they are not the base's
   * @param notes whether tied tables stay one
   */
  record Tables(BlockParts parts, List<String> notes) {}

  Tables round() {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    List<String> notes = new ArrayList<>();
    boolean tied = source.architecture().tiedEmbeddings();
    Optional<WeightScheme> embedding = recipe.embedding().weights();
    Optional<WeightScheme> head = recipe.head().weights();
    boolean together = tied && recipe.embedding().equals(recipe.head());
    embedding.ifPresent(scheme -> linears.put(EMBEDDING, table(EMBEDDING, scheme)));
    if (together) {
      embedding.ifPresent(_ -> notes.add("embedding and head stay one table, stored once"));
    } else if (tied) {
      linears.put(HEAD, head.map(scheme -> table(EMBEDDING, scheme)).orElseGet(this::floatTable));
      notes.add(
          "embedding (%s) and head (%s) were one table and are now two; both are stored and counted"
              .formatted(recipe.embedding().id(), recipe.head().id()));
    } else {
      head.ifPresent(scheme -> linears.put(HEAD, table(HEAD, scheme)));
    }
    return new Tables(BlockParts.of(linears), notes);
  }

  private StoredLinear floatTable() {
    StoredTensor table = source.checkpoint().get(EMBEDDING + ".weight");
    int rows = Math.toIntExact(table.shape().getFirst());
    int columns = Math.toIntExact(table.shape().getLast());
    return new FloatLinear(rows, columns, rows(table, 0, rows, columns));
  }

  private StoredLinear table(String module, WeightScheme scheme) {
    StoredTensor table = source.checkpoint().get(module + ".weight");
    int rows = Math.toIntExact(table.shape().getFirst());
    int columns = Math.toIntExact(table.shape().getLast());
    Recipe nearest = Recipe.of(scheme, new Rounding.Nearest());
    int rowBytes = GridLinear.rowBytes(columns, scheme.bits());
    int groupSize = scheme.groupSize() == 0 ? columns : Math.min(scheme.groupSize(), columns);
    int groups = Math.ceilDiv(columns, groupSize);
    byte[] codes = new byte[Math.multiplyExact(rows, rowBytes)];
    float[] scales = new float[Math.multiplyExact(rows, groups)];
    byte[] zeroPoints = new byte[rows * groups];
    for (int first = 0; first < rows; first += ROWS) {
      int count = Math.min(ROWS, rows - first);
      GridLinear part =
          ColumnSweep.round(
                  rows(table, first, count, columns),
                  count,
                  columns,
                  nearest,
                  Optional.empty(),
                  tiles)
              .linear();
      System.arraycopy(part.codes(), 0, codes, first * rowBytes, part.codes().length);
      System.arraycopy(part.scales(), 0, scales, first * groups, part.scales().length);
      System.arraycopy(part.zeroPoints(), 0, zeroPoints, first * groups, count * groups);
    }
    return new GridLinear(
        rows,
        columns,
        scheme.bits(),
        groupSize,
        scheme.grid().symmetric(),
        codes,
        scales,
        zeroPoints,
        Optional.empty());
  }

  private static float[] rows(StoredTensor table, int first, int count, int columns) {
    long rowBytes = table.data().byteSize() / table.shape().getFirst();
    MemorySegment bytes = table.data().asSlice(first * rowBytes, count * rowBytes);
    try (TensorScope _ = TensorScope.open()) {
      return Tensor.fromMemory(bytes, table.type(), List.of((long) count, (long) columns))
          .toFloats();
    }
  }
}
