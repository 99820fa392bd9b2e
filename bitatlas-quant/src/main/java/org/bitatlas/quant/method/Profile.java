package org.bitatlas.quant.method;

/** Whose defaults a recipe takes: they differ in grids, in the types of scales and in damping. */
public enum Profile {
  /** The paper's own repository. */
  REFERENCE("reference"),
  /** llm-compressor and compressed-tensors, what vLLM loads. */
  VLLM("vllm"),
  /** msmodelslim, what vLLM-Ascend loads. */
  ASCEND("ascend");

  private final String id;

  Profile(String id) {
    this.id = id;
  }

  /** Name in recipes. */
  public String id() {
    return id;
  }
}
