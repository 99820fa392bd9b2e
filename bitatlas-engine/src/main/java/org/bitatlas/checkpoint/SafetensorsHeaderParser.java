package org.bitatlas.checkpoint;

import static org.bitatlas.checkpoint.SafetensorsHeader.invalid;
import static org.bitatlas.checkpoint.SafetensorsHeader.message;

import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.SafetensorsHeader.Entry;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * Parses the JSON of a safetensors header, token by token, and checks each tensor by itself: its
 * type, its shape, and that its bytes are as many as both need.
 */
final class SafetensorsHeaderParser {

  private static final String METADATA = "__metadata__";
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private SafetensorsHeaderParser() {}

  /** The parsed header; whether it fits the file is not looked at. */
  static SafetensorsHeader parse(byte[] json, Path file) {
    InputStreamReader text =
        new InputStreamReader(
            new ByteArrayInputStream(json),
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    SequencedMap<String, String> metadata = new LinkedHashMap<>();
    List<Entry> entries = new ArrayList<>();
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        if (name.equals(METADATA)) {
          readMetadata(parser, metadata, file);
        } else {
          entries.add(readEntry(parser, name, file));
        }
      }
      if (parser.nextToken() != null) {
        throw invalid(file, "the header goes on after its closing brace");
      }
    } catch (JacksonException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw new BitAtlasException(message(file, "the header is not UTF-8"), e);
      }
      throw new BitAtlasException(
          message(file, "the header is not valid JSON: " + e.getOriginalMessage()), e);
    }
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    return new SafetensorsHeader(
        Collections.unmodifiableSequencedMap(metadata),
        List.copyOf(entries),
        SafetensorsHeader.LENGTH_BYTES + (long) json.length);
  }

  private static void readMetadata(
      JsonParser parser, SequencedMap<String, String> metadata, Path file) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw invalid(file, "__metadata__ must be an object of strings");
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw invalid(file, "__metadata__ key '" + key + "' must be a string");
      }
      metadata.put(key, parser.getString());
    }
  }

  private static Entry readEntry(JsonParser parser, String name, Path file) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw invalid(file, name, "must be an object with dtype, shape and data_offsets");
    }
    Optional<ElementType> type = Optional.empty();
    Optional<List<Long>> shape = Optional.empty();
    Optional<List<Long>> offsets = Optional.empty();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (key) {
        case "dtype" -> type = Optional.of(readType(parser, value, name, file));
        case "shape" -> shape = Optional.of(readSizes(parser, value, key, name, file));
        case "data_offsets" -> offsets = Optional.of(readSizes(parser, value, key, name, file));
        default -> parser.skipChildren();
      }
    }
    Entry entry =
        new Entry(
            name,
            type.orElseThrow(() -> invalid(file, name, "has no dtype")),
            shape.orElseThrow(() -> invalid(file, name, "has no shape")),
            offset(offsets, 0, name, file),
            offset(offsets, 1, name, file));
    requireLength(entry, file);
    return entry;
  }

  private static ElementType readType(
      JsonParser parser, @Nullable JsonToken value, String name, Path file) {
    if (value != JsonToken.VALUE_STRING) {
      throw invalid(file, name, "has a dtype that is not a string");
    }
    String dtype = parser.getString();
    return ElementType.ofName(dtype)
        .orElseThrow(() ->
            invalid(file, name, "has dtype '" + dtype + "', which the format does not define"));
  }

  private static List<Long> readSizes(
      JsonParser parser, @Nullable JsonToken value, String key, String name, Path file) {
    if (value != JsonToken.START_ARRAY) {
      throw invalid(file, name, "has a " + key + " that is not a list of integers");
    }
    List<Long> sizes = new ArrayList<>();
    JsonToken token = parser.nextToken();
    while (token != JsonToken.END_ARRAY) {
      if (token != JsonToken.VALUE_NUMBER_INT) {
        throw invalid(file, name, "has a " + key + " that is not a list of integers");
      }
      boolean fits = parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      if (!fits || parser.getLongValue() < 0) {
        throw invalid(file, name, "has " + parser.getString() + " in " + key + ": out of range");
      }
      sizes.add(parser.getLongValue());
      token = parser.nextToken();
    }
    return List.copyOf(sizes);
  }

  private static long offset(Optional<List<Long>> offsets, int index, String name, Path file) {
    List<Long> pair = offsets.orElseThrow(() -> invalid(file, name, "has no data_offsets"));
    if (pair.size() != 2) {
      throw invalid(file, name, "has data_offsets " + pair + " instead of [begin, end]");
    }
    return pair.get(index);
  }

  private static void requireLength(Entry entry, Path file) {
    if (entry.begin() > entry.end()) {
      throw invalid(
          file, entry.name(), "begins at " + entry.begin() + ", after its end at " + entry.end());
    }
    long expected;
    try {
      expected = SafetensorsHeader.byteCount(entry.type(), entry.shape());
    } catch (ArithmeticException e) {
      throw new BitAtlasException(
          message(file, entry.name(), "has shape " + entry.shape() + ", which overflows"), e);
    }
    if (expected < 0) {
      throw invalid(
          file,
          entry.name(),
          "of type " + entry.type() + " and shape " + entry.shape() + " does not fill whole bytes");
    }
    if (expected != entry.end() - entry.begin()) {
      throw invalid(
          file,
          entry.name(),
          "takes "
              + (entry.end() - entry.begin())
              + " bytes, but "
              + entry.type()
              + " of shape "
              + entry.shape()
              + " needs "
              + expected);
    }
  }
}
