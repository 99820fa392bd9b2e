package org.bitatlas.quant.plan;

import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.GridLinear;

/** Bytes of the tensors of a quantized checkpoint, as they are stored. */
public final class OutputSize {

  private final Architecture architecture;
  private final Recipe recipe;
  private final int floatBytes;

  private OutputSize(Architecture architecture, Recipe recipe, int floatBytes) {
    this.architecture = architecture;
    this.recipe = recipe;
    this.floatBytes = floatBytes;
  }

  /**
   * The whole model.
   *
   * @param floatBytes bytes of a weight of the float checkpoint
   */
  public static long of(Architecture architecture, Recipe recipe, int floatBytes) {
    return new OutputSize(architecture, recipe, floatBytes).bytes();
  }

  /**
   * One linear layer, with its bias.
   *
   * @param floatBytes bytes of a weight of the float checkpoint
   */
  public static long ofLinear(
      Architecture architecture, Recipe recipe, int floatBytes, Projection projection, int layer) {
    return new OutputSize(architecture, recipe, floatBytes).linear(projection, layer);
  }

  /**
   * Embedding and head.
   *
   * @param floatBytes bytes of a weight of the float checkpoint
   */
  public static long ofTables(Architecture architecture, Recipe recipe, int floatBytes) {
    return new OutputSize(architecture, recipe, floatBytes).tables();
  }

  private long bytes() {
    long bytes = tables() + norms();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        bytes += linear(projection, layer);
      }
    }
    return bytes;
  }

  private long norms() {
    return floatBytes * (2L * architecture.layers() + 1) * architecture.hiddenSize();
  }

  /** Tied tables that are stored in different ways become two. */
  private long tables() {
    if (!architecture.tiedEmbeddings()) {
      return table(recipe.embedding()) + table(recipe.head());
    }
    if (recipe.embedding().equals(recipe.head())) {
      return table(recipe.embedding());
    }
    long head =
        recipe.head().weights().isPresent()
            ? table(recipe.head())
            : (long) Float.BYTES * architecture.vocabularySize() * architecture.hiddenSize();
    return table(recipe.embedding()) + head;
  }

  private long table(TableScheme scheme) {
    int columns = architecture.hiddenSize();
    return architecture.vocabularySize()
        * scheme
            .weights()
            .map(weights -> rowOfGrid(columns, weights.bits(), weights.groupSize()))
            .orElse((long) columns * floatBytes);
  }

  private static long rowOfGrid(int columns, int bits, int groupSize) {
    return GridLinear.rowBytes(columns, bits) + groups(columns, groupSize) * (Float.BYTES + 1L);
  }

  private static int groups(int columns, int groupSize) {
    return groupSize == 0 ? 1 : Math.ceilDiv(columns, groupSize);
  }

  private long linear(Projection projection, int layer) {
    long rows = architecture.outputFeatures(projection);
    int columns = architecture.inputFeatures(projection);
    long bias = architecture.hasBias(projection) ? rows * floatBytes : 0;
    if (recipe.excludes(projection.module(layer))) {
      return bias + rows * columns * floatBytes;
    }
    if (recipe.position() == Position.TRANSFORMED) {
      return bias + rows * columns * Float.BYTES;
    }
    Recipe own = recipe.of(projection.module(layer));
    return bias + new OutputSize(architecture, own, floatBytes).rounded(rows, columns);
  }

  private long rounded(long rows, int columns) {
    int groups = groups(columns, recipe.groupSize());
    return switch (recipe.rounding()) {
      case Rounding.Billm billm -> {
        long plane = Math.ceilDiv(columns, 8);
        long terms = (long) Math.ceilDiv(columns, billm.blockSize()) * BinaryLinear.TERMS;
        yield plane + rows * (2 * plane + 2 * Float.BYTES * terms);
      }
      case Rounding.SlimLlm _ -> mixed(rows, columns, groups);
      case Rounding.Nearest _ when recipe.bits() == 1 -> mixed(rows, columns, groups);
      case Rounding.Gptq gptq -> rows * grid(columns) + index(gptq, columns, groups);
      case Rounding.Gptaq gptaq -> rows * grid(columns) + index(gptaq.sweep(), columns, groups);
      case Rounding.Nearest _ -> rows * grid(columns);
    };
  }

  private long grid(int columns) {
    if (recipe.weights().secondScales()) {
      // A scale, and per group a multiple of it and a zero point.
      return GridLinear.rowBytes(columns, recipe.bits())
          + Float.BYTES
          + 2L * groups(columns, recipe.groupSize());
    }
    return rowOfGrid(columns, recipe.bits(), recipe.groupSize());
  }

  private long mixed(long rows, int columns, int groups) {
    return rows * (GridLinear.rowBytes(columns, recipe.bits()) + 2L * Float.BYTES * groups)
        + groups;
  }

  /** Groups formed in the order of the sweep are scattered over the columns. */
  private static long index(Rounding.Gptq gptq, int columns, int groups) {
    boolean scattered = gptq.actOrder() && !gptq.staticGroups() && groups > 1;
    return scattered ? (long) columns * Integer.BYTES : 0;
  }
}
