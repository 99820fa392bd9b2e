package org.bitatlas.format;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/**
 * Fields of a section of a configuration file, read strictly: what is there has its type and range,
 * or the file is refused with a sentence that names the place. An absent field and a null one are
 * the same.
 *
 * @param file the file
 * @param place path of the section in it
 * @param node the section
 */
public record ConfigFields(Path file, String place, JsonNode node) {

  /** The section {@code quantization_config} of a folder's {@code config.json}. */
  public static Optional<ConfigFields> quantization(Path folder) {
    return section(folder.resolve("config.json"), "quantization_config");
  }

  /**
   * The same, or, where {@code config.json} has no such section, all of a file in which older
   * programs kept their settings.
   */
  public static Optional<ConfigFields> quantization(Path folder, String legacy) {
    Path file = folder.resolve(legacy);
    return quantization(folder)
        .or(() ->
            Files.isRegularFile(file)
                ? Optional.of(new ConfigFields(file, "the file", JsonFile.read(file)))
                : Optional.empty());
  }

  /** A section of a file; empty when there is no such file or it has no such object. */
  public static Optional<ConfigFields> section(Path file, String name) {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    JsonNode section = JsonFile.read(file).path(name);
    return section.isObject()
        ? Optional.of(new ConfigFields(file, name, section))
        : Optional.empty();
  }

  /** Whether a field is there and not null, and no empty object or array. */
  public boolean has(String name) {
    JsonNode value = node.path(name);
    return !value.isMissingNode() && !value.isNull() && !(value.isContainer() && value.isEmpty());
  }

  /** A whole number in a range. */
  public Optional<Integer> integer(String name, int least, int greatest) {
    if (!has(name)) {
      return Optional.empty();
    }
    JsonNode value = node.path(name);
    if (!value.isInt() || value.intValue() < least || value.intValue() > greatest) {
      throw wrong(name, "a whole number of %d to %d".formatted(least, greatest));
    }
    return Optional.of(value.intValue());
  }

  /** A whole number in a range that must be there. */
  public int require(String name, int least, int greatest) {
    return integer(name, least, greatest)
        .orElseThrow(() -> wrong(name, "a whole number of %d to %d".formatted(least, greatest)));
  }

  /** A truth value; {@code otherwise} when absent. */
  public boolean flag(String name, boolean otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    if (!node.path(name).isBoolean()) {
      throw wrong(name, "true or false");
    }
    return node.path(name).booleanValue();
  }

  /** A text. */
  public Optional<String> text(String name) {
    if (!has(name)) {
      return Optional.empty();
    }
    if (!node.path(name).isString()) {
      throw wrong(name, "a text");
    }
    return Optional.of(node.path(name).stringValue());
  }

  /** A list of texts; empty when absent. */
  public List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    if (has(name)) {
      for (JsonNode element : node.path(name)) {
        if (!node.path(name).isArray() || !element.isString()) {
          throw wrong(name, "a list of texts");
        }
        texts.add(element.stringValue());
      }
    }
    return texts;
  }

  /** An object. */
  public Optional<ConfigFields> object(String name) {
    if (!has(name)) {
      return Optional.empty();
    }
    if (!node.path(name).isObject()) {
      throw wrong(name, "an object");
    }
    return Optional.of(new ConfigFields(file, place + " " + name, node.path(name)));
  }

  /** The objects that a field holds by name, in file order; empty when absent. */
  public List<Map.Entry<String, ConfigFields>> objects(String name) {
    return object(name).stream()
        .flatMap(all -> all.node.properties().stream().map(entry -> all.member(entry.getKey())))
        .toList();
  }

  private Map.Entry<String, ConfigFields> member(String name) {
    if (!node.path(name).isObject()) {
      throw wrong(name, "an object");
    }
    return Map.entry(name, new ConfigFields(file, place + " " + name, node.path(name)));
  }

  /** A complaint about a field. */
  public BitAtlasException wrong(String name, String expected) {
    return new BitAtlasException(
        "The file %s has %s in %s %s, expected %s."
            .formatted(file, shown(node.path(name)), place, name, expected));
  }

  private static String shown(JsonNode value) {
    String text = value.isMissingNode() ? "nothing" : value.toString();
    return text.length() > 80 ? text.substring(0, 80) + "..." : text;
  }
}
