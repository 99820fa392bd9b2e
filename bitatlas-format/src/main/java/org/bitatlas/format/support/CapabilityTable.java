package org.bitatlas.format.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Which serving stack loads which scheme on which hardware. It is data: {@code capabilities.yaml}
 * beside this class, each row with its source.
 */
public final class CapabilityTable {
  private static final String RESOURCE = "capabilities.yaml";

  private final SequencedMap<String, ServingStack> stacks;

  private CapabilityTable(List<ServingStack> stacks) {
    this.stacks = new LinkedHashMap<>();
    stacks.forEach(stack -> this.stacks.put(stack.name(), stack));
  }

  /** The table that belongs to this program. */
  public static CapabilityTable bundled() {
    try (InputStream stream = CapabilityTable.class.getResourceAsStream(RESOURCE)) {
      if (stream == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the program");
      }
      return read(RESOURCE, new String(stream.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a table.
   *
   * @param file its name, for errors
   * @param yaml its text
   * @throws BitAtlasException naming the place and what is expected there
   */
  public static CapabilityTable read(String file, String yaml) {
    return new CapabilityTable(CapabilityReader.read(file, yaml));
  }

  /** All stacks, in the order of the table. */
  public List<ServingStack> stacks() {
    return List.copyOf(stacks.values());
  }

  /**
   * The stack of a name.
   *
   * @throws BitAtlasException when no stack is called so
   */
  public ServingStack stack(String name) {
    ServingStack stack = stacks.get(name);
    if (stack == null) {
      throw new BitAtlasException(
          "There is no serving stack '%s' in the capability table; known are %s."
              .formatted(name, String.join(", ", stacks.sequencedKeySet())));
    }
    return stack;
  }
}
