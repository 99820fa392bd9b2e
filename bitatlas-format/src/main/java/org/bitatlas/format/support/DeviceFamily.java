package org.bitatlas.format.support;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Hardware as serving stacks tell it apart: what loads depends on this, not on the model's size.
 */
public enum DeviceFamily {
  /** Ascend 910B: Atlas 800I A2, 800T A2, 300T A2. */
  ASCEND_A2("ascend-a2"),
  /** Ascend 910C: Atlas 800I A3. */
  ASCEND_A3("ascend-a3"),
  /** Ascend 310P: Atlas 300I Duo, 300I Pro. */
  ASCEND_310P("ascend-310p"),
  /** Ascend 950, which vLLM-Ascend calls A5. */
  ASCEND_950("ascend-950"),
  /** NVIDIA Hopper, compute capability 9.0: H100, H200. */
  CUDA_HOPPER("cuda-hopper"),
  /** x86-64 with AVX-512; AMX where the kernels find it. */
  CPU_AVX512("cpu-avx512"),
  /** x86-64 with AVX2 and nothing wider. */
  CPU_AVX2("cpu-avx2");

  private final String label;

  DeviceFamily(String label) {
    this.label = label;
  }

  /** The name in tables and on the command line. */
  public String label() {
    return label;
  }

  /**
   * The family of a name.
   *
   * @throws BitAtlasException when no family is called so
   */
  public static DeviceFamily of(String label) {
    return Arrays.stream(values())
        .filter(family -> family.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new BitAtlasException(
                "There is no device family '%s'; known are %s."
                    .formatted(
                        label,
                        Arrays.stream(values())
                            .map(DeviceFamily::label)
                            .collect(Collectors.joining(", ")))));
  }
}
