package org.bitatlas.format.gptq;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.format.BoundedPattern;
import org.bitatlas.format.ConfigFields;

/**
 * What a GPTQ configuration says of each layer: one scheme, and overrides ({@code dynamic}) under
 * regular expressions. The first expression that a name begins with a match of decides, as in
 * GPTQModel and in vLLM; the two differ in the names that they ask for: vLLM knows q, k and v as
 * {@code qkv_proj}.
 *
 * @param general of the layers that no override names
 * @param overrides in file order
 */
public record GptqSchemes(GptqScheme general, List<LayerOverride> overrides) {

  private static final String KEEP = "+:";
  private static final String SKIP = "-:";

  /**
   * An override.
   *
   * @param key as the file has it
   * @param fields what it states; empty where the layers stay float ({@code -:})
   */
  public record LayerOverride(String key, Optional<ConfigFields> fields) {

    private boolean names(String module) {
      boolean marked = key.startsWith(KEEP) || key.startsWith(SKIP);
      return BoundedPattern.begins(module, marked ? key.substring(KEEP.length()) : key);
    }
  }

  /**
   * Reads a configuration.
   *
   * @throws org.bitatlas.tensor.BitAtlasException naming a field that is not as expected
   */
  public static GptqSchemes of(ConfigFields section) {
    GptqScheme general = GptqScheme.of(section);
    List<LayerOverride> overrides = new ArrayList<>();
    for (Map.Entry<String, ConfigFields> entry : section.objects("dynamic")) {
      LayerOverride override = new LayerOverride(entry.getKey(), Optional.of(entry.getValue()));
      if (entry.getKey().startsWith(SKIP)) {
        override = new LayerOverride(entry.getKey(), Optional.empty());
      }
      override.fields().ifPresent(general::with);
      overrides.add(override);
    }
    return new GptqSchemes(general, overrides);
  }

  /**
   * The override that decides for a name.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when an expression cannot be matched
   */
  public Optional<LayerOverride> override(String name) {
    return overrides.stream().filter(override -> override.names(name)).findFirst();
  }

  /** The scheme under a name; empty where it stays float. */
  public Optional<GptqScheme> scheme(String name) {
    Optional<LayerOverride> override = override(name);
    return override.isEmpty() ? Optional.of(general) : override.get().fields().map(general::with);
  }

  /** Key of an override that says how the layers of exactly these names are quantized. */
  public static String key(boolean quantized, List<String> names) {
    String first = names.getFirst();
    String parent = first.substring(0, first.lastIndexOf('.') + 1);
    List<String> ends =
        names.stream().map(name -> quoted(name.substring(parent.length()))).toList();
    String end = ends.size() == 1 ? ends.getFirst() : "(?:" + String.join("|", ends) + ")";
    return (quantized ? KEEP : SKIP) + "^" + quoted(parent) + end + "$";
  }

  private static String quoted(String name) {
    return name.replace(".", "\\.");
  }
}
