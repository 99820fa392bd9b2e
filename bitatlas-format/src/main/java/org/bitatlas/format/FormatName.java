package org.bitatlas.format;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.bitatlas.tensor.BitAtlasException;

/** Checkpoint formats by the names that their loaders give them. */
public enum FormatName {
  /** Of vLLM, vLLM-Ascend and transformers; written by llm-compressor. */
  COMPRESSED_TENSORS("compressed-tensors"),
  /** Of vLLM, transformers and gptqmodel. */
  GPTQ("gptq"),
  /** AutoAWQ's GEMM layout, of vLLM and transformers. */
  AWQ("awq"),
  /** AscendV1, of vLLM-Ascend and MindIE; written by msModelSlim. */
  MODELSLIM("modelslim"),
  /** Of llama.cpp. */
  GGUF("gguf");

  private final String label;

  FormatName(String label) {
    this.label = label;
  }

  /** The name on the command line and in documents. */
  public String label() {
    return label;
  }

  /**
   * The format of a name.
   *
   * @throws BitAtlasException when no format is called so
   */
  public static FormatName of(String label) {
    return Arrays.stream(values())
        .filter(format -> format.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new BitAtlasException(
                "There is no checkpoint format \""
                    + label
                    + "\". Choose "
                    + Arrays.stream(values())
                        .map(FormatName::label)
                        .collect(Collectors.joining(", "))
                    + "."));
  }
}
