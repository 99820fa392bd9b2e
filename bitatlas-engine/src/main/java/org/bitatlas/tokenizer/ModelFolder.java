package org.bitatlas.tokenizer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The files of a model folder that concern text, read with one clear sentence for each failure. */
record ModelFolder(Path path) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Files above this size are not read: no tokenizer comes near it. */
  private static final long SIZE_LIMIT = 256L << 20;

  /** Opens a folder; fails where it is none. */
  static ModelFolder open(Path path) {
    if (!Files.isDirectory(path)) {
      throw new BitAtlasException("There is no model folder " + path + ".");
    }
    return new ModelFolder(path);
  }

  boolean has(String name) {
    return Files.isRegularFile(path.resolve(name));
  }

  /** All bytes of a file that must be there. */
  byte[] bytes(String name) {
    Path file = path.resolve(name);
    try {
      long size = Files.size(file);
      if (size > SIZE_LIMIT) {
        throw new BitAtlasException(
            file + " has " + size + " bytes, more than any tokenizer file; it is not read.");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BitAtlasException("The file " + file + " cannot be read: " + e + ".", e);
    }
  }

  /** Text of a UTF-8 file, absent where there is no such file. */
  Optional<String> text(String name) {
    return has(name)
        ? Optional.of(new String(bytes(name), StandardCharsets.UTF_8))
        : Optional.empty();
  }

  /** A JSON object, absent where there is no such file. */
  Optional<JsonNode> json(String name) {
    if (!has(name)) {
      return Optional.empty();
    }
    JsonNode node;
    try {
      node = JSON.readTree(bytes(name));
    } catch (JacksonException e) {
      throw new BitAtlasException(
          path.resolve(name) + " is not valid JSON: " + e.getOriginalMessage() + ".", e);
    }
    if (!node.isObject()) {
      throw new BitAtlasException(path.resolve(name) + " must hold a JSON object.");
    }
    return Optional.of(node);
  }

  /** A JSON object, empty where there is no such file. */
  JsonNode jsonOrEmpty(String name) {
    return json(name).orElseGet(JSON::createObjectNode);
  }

  /** An error about a file of this folder: {@code path: what}. */
  BitAtlasException error(String name, String what) {
    return new BitAtlasException(path.resolve(name) + ": " + what);
  }
}
