package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/** Reads rows of a float weight out of oneDNN's layout. */
final class PackedRows {

  private final PackedMatmul matmul;
  private final MatmulLayout full;
  private final MatmulLayout last;

  PackedRows(PackedMatmul matmul) {
    this.matmul = matmul;
    this.full = matmul.layout(0);
    this.last = matmul.layout(matmul.slices() - 1);
  }

  /** Rows of W [indexes x K] in its type. */
  Tensor read(long[] indexes) {
    int width = matmul.inputFeatures();
    Tensor rows = Tensor.empty(matmul.inputType(), indexes.length, width);
    MemorySegment target = rows.memory();
    for (int i = 0; i < indexes.length; i++) {
      int slice = (int) indexes[i] / PackedWeight.SLICE_COLUMNS;
      int column = (int) indexes[i] % PackedWeight.SLICE_COLUMNS;
      MatmulLayout layout = slice == matmul.slices() - 1 ? last : full;
      copy(matmul.memory(slice), layout, column, target, (long) i * width);
    }
    return rows;
  }

  private void copy(
      MemorySegment slice, MatmulLayout layout, int column, MemorySegment target, long at) {
    long[] byDepth = layout.byDepth();
    long first = layout.byColumn()[column];
    if (matmul.inputType() == ElementType.F32) {
      for (int k = 0; k < byDepth.length; k++) {
        float value = slice.getAtIndex(ValueLayout.JAVA_FLOAT, first + byDepth[k]);
        target.setAtIndex(ValueLayout.JAVA_FLOAT, at + k, value);
      }
    } else {
      for (int k = 0; k < byDepth.length; k++) {
        short value = slice.getAtIndex(ValueLayout.JAVA_SHORT, first + byDepth[k]);
        target.setAtIndex(ValueLayout.JAVA_SHORT, at + k, value);
      }
    }
  }
}
