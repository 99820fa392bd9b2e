package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;

/** The truth: each kernel as its definition, one element at a time. */
public final class ScalarRowKernels implements RowKernels {

  /** The scalar provider. */
  public ScalarRowKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void quantize(
      float[] activations,
      int offset,
      int rows,
      ActivationQuantizer quantizer,
      ActivationCodes target) {
    target.begin(rows);
    int columns = target.columns();
    int shared = ActivationRange.rowsThatShareAScale(quantizer, rows);
    for (int first = 0; first < rows; first += shared) {
      int from = offset + first * columns;
      float low = 0;
      float high = 0;
      for (int k = from; k < from + shared * columns; k++) {
        low = Math.min(low, activations[k]);
        high = Math.max(high, activations[k]);
      }
      ActivationRange range = target.range().fit(low, high, quantizer);
      for (int row = first; row < first + shared; row++) {
        target.setScale(row);
        int source = offset + row * columns;
        int place = row * ActivationCodes.stride(columns);
        for (int k = 0; k < columns; k++) {
          target.codes()[place + k] = (short) range.code(activations[source + k]);
        }
      }
    }
  }

  @Override
  public void narrow(short[] codes, int from, int count, int shift, byte[] target) {
    for (int k = 0; k < count; k++) {
      target[k] = (byte) (codes[from + k] - shift);
    }
  }

  @Override
  public void integerSums(
      IntegerRows weights, int panel, short[] codes, int rows, boolean wide, int[] sums) {
    ColumnGroups groups = weights.groups();
    int stride = ActivationCodes.stride(groups.columns());
    for (int row = 0; row < rows; row++) {
      for (int group = 0; group < groups.count(); group++) {
        for (int lane = 0; lane < Panels.ROWS; lane++) {
          int sum = 0;
          for (int p = 0; p < groups.width(group); p++) {
            sum +=
                weights.codes().code(panel, group, p, lane)
                    * codes[row * stride + groups.start(group) + p];
          }
          sums[(row * groups.count() + group) * Panels.ROWS + lane] = sum;
        }
      }
    }
  }

  @Override
  public void joinGroups(IntegerRows weights, int panel, int[] sums, int from) {
    for (int lane = 0; lane < Panels.ROWS; lane++) {
      int sum = 0;
      for (int group = 0; group < weights.groups().count(); group++) {
        sum += weights.second(panel, group, lane) * sums[from + group * Panels.ROWS + lane];
      }
      sums[from + lane] = sum;
    }
  }

  @Override
  public void scale(
      IntegerRows weights, int panel, int[] sums, int from, float rowScale, float[] results) {
    for (int lane = 0; lane < Panels.ROWS; lane++) {
      float result = 0;
      for (int group = 0; group < weights.scaleGroups(); group++) {
        float sum = sums[from + group * Panels.ROWS + lane];
        result = Math.fma(weights.scales().get(panel, group, lane), sum, result);
      }
      results[lane] = result * rowScale;
    }
  }

  @Override
  public void floatSums(
      WeightOnlyRows weights, int panel, float[] activations, int rows, RowScratch scratch) {
    ColumnGroups groups = weights.groups();
    float[] sums = scratch.floatSums(rows * groups.count() * Panels.ROWS);
    float[] chains = new float[4];
    for (int row = 0; row < rows; row++) {
      for (int group = 0; group < groups.count(); group++) {
        int start = row * groups.columns() + groups.start(group);
        for (int lane = 0; lane < Panels.ROWS; lane++) {
          Arrays.fill(chains, 0);
          for (int p = 0; p < groups.width(group); p++) {
            float weight = weights.stored(panel, group, p, lane);
            chains[p & 3] = Math.fma(weight, activations[start + p], chains[p & 3]);
          }
          sums[(row * groups.count() + group) * Panels.ROWS + lane] =
              (chains[0] + chains[1]) + (chains[2] + chains[3]);
        }
      }
    }
  }

  @Override
  public void combine(
      AffineRows weights,
      int panel,
      float[] sums,
      int from,
      float[] groupSums,
      int firstGroupSum,
      float[] results) {
    for (int lane = 0; lane < Panels.ROWS; lane++) {
      float result = 0;
      for (int group = 0; group < weights.groups().count(); group++) {
        float sum = sums[from + group * Panels.ROWS + lane];
        result = Math.fma(weights.factors().get(panel, group, lane), sum, result);
        if (weights.offsets().isPresent()) {
          float offset = weights.offsets().get().get(panel, group, lane);
          result = Math.fma(offset, groupSums[firstGroupSum + group], result);
        }
      }
      results[lane] = result;
    }
  }

  @Override
  public void widen(
      WeightOnlyRows weights, int panel, int group, int column, int columns, float[] chunk) {
    for (int p = 0; p < columns; p++) {
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        chunk[p * Panels.ROWS + lane] = weights.stored(panel, group, column + p, lane);
      }
    }
  }

  @Override
  public void unpack(
      IntegerRows weights,
      int panel,
      int half,
      int group,
      MemorySegment target,
      long at,
      BlockedBytes layout,
      int[] sums,
      int to) {
    Arrays.fill(sums, to, to + Panels.WORDS, 0);
    ScalarUnpacking.from(0, weights, panel, half, group, target, at, layout, sums, to);
  }

  @Override
  public void addScaled(
      GroupSums sums,
      int row,
      int firstGroup,
      int groups,
      int shift,
      int count,
      float[] target,
      int to) {
    for (int g = 0; g < groups; g++) {
      int first = (firstGroup + g) * sums.stride();
      for (int n = 0; n < count; n++) {
        float sum = sums.exact(row, g, n) + shift * sums.codeSums()[first + n];
        target[to + n] = Math.fma(sums.scales()[first + n], sum, target[to + n]);
      }
    }
  }

  @Override
  public void storeColumns(
      float[] chunk,
      int columns,
      float[] factors,
      MemorySegment matrix,
      ElementType type,
      long element,
      long stride) {
    for (int k = 0; k < columns; k++) {
      int from = k * Panels.ROWS;
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        chunk[from + lane] =
            Math.fma(factors[lane], chunk[from + lane], factors[Panels.ROWS + lane]);
      }
      RowFormat.write(chunk, from, Panels.ROWS, matrix, type, element + k * stride);
    }
  }
}
