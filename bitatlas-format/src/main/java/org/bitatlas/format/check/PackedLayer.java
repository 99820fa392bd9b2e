package org.bitatlas.format.check;

import java.util.List;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.format.support.LayerScheme;

/**
 * A weight-only layer W [N x K] of codes in words of 32 bits, as GPTQ and AWQ store it: what must
 * hold before its tensors can be looked up.
 *
 * @param format for which schemes of the stack are asked
 * @param module its name
 * @param rows N
 * @param columns K
 * @param stated columns of a group, -1 for whole rows
 */
record PackedLayer(FormatName format, String module, int rows, int columns, int stated) {

  private static final String CODES = ".qweight";

  /** Columns of a group. */
  int groupSize() {
    return stated == -1 ? columns : stated;
  }

  /** Groups of a row. */
  int groups() {
    return columns / groupSize();
  }

  /**
   * A finding where no scheme of the stack takes the layer.
   *
   * @param otherwise what to do but quantizing in another way
   */
  void requireKernel(
      int bits,
      boolean symmetric,
      boolean bias,
      LoaderTarget target,
      String otherwise,
      Findings findings) {
    LayerScheme scheme =
        LayerScheme.dense(bits, stated == -1 ? 0 : stated, symmetric, Inputs.FLOAT, bias);
    SchemeSupport.objection(scheme, format, target)
        .ifPresent(objection ->
            findings.fault(
                "unsupported-type",
                module + CODES,
                objection,
                "quantize with what the scheme takes, or " + otherwise));
  }

  /**
   * Whether groups and words are whole; a finding where they are not, and then nothing more is
   * asked of the tensors.
   *
   * @param words whether codes fill their words
   * @param wanted the words, for example {@code words of 32 bits}
   * @param suffixes of the layer's tensors
   */
  boolean isWhole(
      boolean words, String wanted, List<String> suffixes, TensorInspection inspection) {
    if (words && columns % groupSize() == 0) {
      return true;
    }
    inspection
        .findings()
        .fault(
            "group-size",
            module + CODES,
            "%d x %d weights do not fill groups of %d and %s"
                .formatted(rows, columns, groupSize(), wanted),
            "quantize with a group size that divides " + columns + ", or leave the layer float");
    suffixes.forEach(suffix -> inspection.claim(module + suffix));
    return false;
  }
}
