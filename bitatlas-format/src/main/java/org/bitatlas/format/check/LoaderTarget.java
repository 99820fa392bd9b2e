package org.bitatlas.format.check;

import java.util.Optional;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.format.support.DeviceFamily;
import org.bitatlas.format.support.ServingStack;
import org.bitatlas.format.support.StackVersion;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What a folder is checked for.
 *
 * @param stack a serving stack of the capability table
 * @param version of it
 * @param device where it runs
 */
public record LoaderTarget(ServingStack stack, StackVersion version, DeviceFamily device) {

  /** Name of vLLM-Ascend in the capability table. */
  static final String VLLM_ASCEND = "vllm-ascend";

  /** Name of GPTQModel in the capability table. */
  static final String GPTQMODEL = "gptqmodel";

  /** Name of transformers in the capability table. */
  static final String TRANSFORMERS = "transformers";

  /** Name of llama.cpp in the capability table. */
  static final String LLAMA_CPP = "llama.cpp";

  /**
   * Reads {@code STACK} or {@code STACK@VERSION}.
   *
   * @param text for example {@code vllm-ascend@0.23}; without a version the development branch, or
   *     the last version where the table has none
   * @param device name of a device family; the stack's first one when empty
   * @throws BitAtlasException when stack, version or device is not in the table
   */
  public static LoaderTarget of(String text, Optional<String> device) {
    String[] parts = text.strip().split("@", 2);
    ServingStack stack = CapabilityTable.bundled().stack(parts[0]);
    StackVersion version =
        parts.length == 2
            ? stack.version(parts[1])
            : stack.versions().main()
                ? StackVersion.MAIN
                : stack.versions().through().orElse(stack.versions().from());
    DeviceFamily family = device.map(DeviceFamily::of).orElse(stack.devices().getFirst());
    if (!stack.devices().contains(family)) {
      throw new BitAtlasException(
          "%s does not run on %s; choose %s."
              .formatted(
                  stack.title(),
                  family.label(),
                  String.join(", ", stack.devices().stream().map(DeviceFamily::label).toList())));
    }
    return new LoaderTarget(stack, version, family);
  }

  /** Whether this is a stack of that name. */
  boolean is(String name) {
    return stack.name().equals(name);
  }

  /** In words, for example {@code vLLM-Ascend 0.23 on ascend-a2}. */
  public String words() {
    return stack.title() + " " + version + " on " + device.label();
  }
}
