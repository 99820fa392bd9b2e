package org.bitatlas.model;

/** How the linear layers of a quantized model are computed. */
public enum Execution {
  /** Weights dequantized once, activations rounded in float: libtorch's float products. */
  SIMULATED,
  /** From packed codes: integer products where activations are quantized too. */
  INTEGER
}
