package org.bitatlas.format.gguf;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.format.gguf.GgufValue.Flag;
import org.bitatlas.format.gguf.GgufValue.Real;
import org.bitatlas.format.gguf.GgufValue.Sequence;
import org.bitatlas.format.gguf.GgufValue.Text;
import org.bitatlas.format.gguf.GgufValue.Whole;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The key-value pairs of a GGUF file, in file order.
 *
 * @param source the file, for error messages
 * @param values values by key
 */
public record GgufMetadata(String source, SequencedMap<String, GgufValue> values) {

  /** No pairs. */
  static GgufMetadata empty(String source) {
    return new GgufMetadata(source, new LinkedHashMap<>());
  }

  /** Adds a UINT32. */
  GgufMetadata put(String key, long value) {
    return put(key, new Whole(GgufKind.UINT32, value));
  }

  /** Adds a FLOAT32. */
  GgufMetadata put(String key, float value) {
    return put(key, new Real(GgufKind.FLOAT32, value));
  }

  /** Adds a STRING. */
  GgufMetadata put(String key, String value) {
    return put(key, new Text(value));
  }

  /** Adds a BOOL. */
  GgufMetadata put(String key, boolean value) {
    return put(key, new Flag(value));
  }

  /** Adds a value; a later one of the same key replaces it. */
  GgufMetadata put(String key, GgufValue value) {
    values.put(key, value);
    return this;
  }

  /** Whether there is a value of this key. */
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /** A text, or empty when the key is absent. */
  public Optional<String> findText(String key) {
    return find(key, Text.class, "a text").map(Text::value);
  }

  /** A text that must be there. */
  public String text(String key) {
    return findText(key).orElseThrow(() -> missing(key));
  }

  /** A flag, or empty when the key is absent. */
  public Optional<Boolean> findFlag(String key) {
    return find(key, Flag.class, "true or false").map(Flag::value);
  }

  /**
   * A whole number, or empty when the key is absent.
   *
   * @throws BitAtlasException when it is below 0 or above 2^31 - 1
   */
  public Optional<Integer> findSize(String key) {
    return find(key, Whole.class, "a whole number")
        .map(whole -> {
          if (whole.value() < 0 || whole.value() > Integer.MAX_VALUE) {
            throw invalid(key, "a whole number up to " + Integer.MAX_VALUE, whole.value());
          }
          return (int) whole.value();
        });
  }

  /** A whole number above 0 that must be there. */
  public int size(String key) {
    int size = findSize(key).orElseThrow(() -> missing(key));
    if (size == 0) {
      throw invalid(key, "a number above 0", 0);
    }
    return size;
  }

  /** A number, or empty when the key is absent. */
  public Optional<Double> findNumber(String key) {
    return Optional.ofNullable(values.get(key))
        .map(value ->
            switch (value) {
              case Real real -> real.value();
              case Whole whole -> (double) whole.value();
              case Flag _, Text _, Sequence _ -> throw invalid(key, "a number", value.kind());
            });
  }

  /** The texts of an array, or empty when the key is absent. */
  public Optional<List<String>> findTexts(String key) {
    return find(key, Sequence.class, "an array")
        .map(sequence ->
            sequence.values().stream()
                .map(value -> value instanceof Text(String text) ? text : wrongElement(key, value))
                .toList());
  }

  /** The numbers of an array [n] as FLOAT32, or empty when the key is absent. */
  public Optional<float[]> findFloats(String key) {
    return find(key, Sequence.class, "an array")
        .map(sequence -> {
          float[] numbers = new float[sequence.values().size()];
          for (int i = 0; i < numbers.length; i++) {
            GgufValue value = sequence.values().get(i);
            if (!(value instanceof Real(GgufKind _, double number))) {
              throw invalid(key, "an array of numbers", value.kind());
            }
            numbers[i] = (float) number;
          }
          return numbers;
        });
  }

  /** The numbers of an array [n] of whole numbers, or empty when the key is absent. */
  public Optional<int[]> findIntegers(String key) {
    return find(key, Sequence.class, "an array")
        .map(sequence -> {
          int[] numbers = new int[sequence.values().size()];
          for (int i = 0; i < numbers.length; i++) {
            GgufValue value = sequence.values().get(i);
            if (!(value instanceof Whole(GgufKind _, long number)) || number != (int) number) {
              throw invalid(key, "an array of whole numbers", value.kind());
            }
            numbers[i] = (int) number;
          }
          return numbers;
        });
  }

  private String wrongElement(String key, GgufValue value) {
    throw invalid(key, "an array of texts", value.kind());
  }

  private <T extends GgufValue> Optional<T> find(String key, Class<T> type, String expected) {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (!type.isInstance(value)) {
      throw invalid(key, expected, value.kind());
    }
    return Optional.of(type.cast(value));
  }

  private BitAtlasException missing(String key) {
    return new BitAtlasException(source + " lacks the metadata key " + key + ".");
  }

  /** The error for a value that cannot be. */
  BitAtlasException invalid(String key, String expected, Object found) {
    return new BitAtlasException(
        "%s: the metadata key %s must be %s, but is %s.".formatted(source, key, expected, found));
  }
}
