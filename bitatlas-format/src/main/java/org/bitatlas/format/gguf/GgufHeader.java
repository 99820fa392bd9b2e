package org.bitatlas.format.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.format.gguf.GgufValue.Flag;
import org.bitatlas.format.gguf.GgufValue.Real;
import org.bitatlas.format.gguf.GgufValue.Sequence;
import org.bitatlas.format.gguf.GgufValue.Text;
import org.bitatlas.format.gguf.GgufValue.Whole;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The header of a GGUF file, version 2 or 3, little-endian: key-value pairs, then a description of
 * each tensor. Everything is checked against the size of the file before any tensor is touched.
 *
 * @param metadata key-value pairs
 * @param tensors descriptions of the tensors, in file order
 * @param dataStart first byte of the tensor data
 */
record GgufHeader(GgufMetadata metadata, List<GgufTensorInfo> tensors, long dataStart) {

  static final int MAGIC = 0x46554747;
  static final int VERSION = 3;
  static final String ALIGNMENT = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;

  /** Longest tensor name with its terminator (GGML_MAX_NAME): a longer one is not loaded. */
  static final int MAX_NAME_BYTES = 64;

  private static final int MAX_PAIRS = 1 << 16;
  private static final int MAX_TENSORS = 1 << 20;
  private static final int MAX_ELEMENTS = 1 << 22;
  private static final int MAX_DIMENSIONS = 4;
  private static final int MAX_DEPTH = 4;

  /** Name of one byte, count of sizes, one size, type and offset. */
  private static final int LEAST_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

  /** Key of one byte, type and a value of one byte. */
  private static final int LEAST_PAIR_BYTES = 8 + 1 + 4 + 1;

  /**
   * Reads the header of a file.
   *
   * @param content the whole file
   * @throws BitAtlasException when anything of it is invalid
   */
  static GgufHeader read(MemorySegment content, Path file) {
    GgufCursor cursor = new GgufCursor(content, file);
    requireVersion(cursor);
    int tensorCount = cursor.count("tensors", LEAST_TENSOR_BYTES, MAX_TENSORS);
    int pairCount = cursor.count("metadata pairs", LEAST_PAIR_BYTES, MAX_PAIRS);
    GgufMetadata metadata = new Values(cursor).metadata(pairCount, file);
    int alignment = alignment(metadata);
    List<GgufTensorInfo> tensors = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < tensorCount; i++) {
      GgufTensorInfo tensor = tensor(cursor);
      if (!names.add(tensor.name())) {
        throw cursor.malformed("there are two tensors named " + tensor.name());
      }
      if (Long.remainderUnsigned(tensor.offset(), alignment) != 0) {
        throw cursor.malformed(
            "tensor %s begins at byte %s, which is not a multiple of %d"
                .formatted(tensor.name(), Long.toUnsignedString(tensor.offset()), alignment));
      }
      tensors.add(tensor);
    }
    long dataStart = padded(cursor.position(), alignment);
    requireInside(tensors, content.byteSize() - dataStart, cursor);
    return new GgufHeader(metadata, Collections.unmodifiableList(tensors), dataStart);
  }

  /** The first multiple of {@code alignment} that is not below {@code position}. */
  static long padded(long position, int alignment) {
    return Math.ceilDiv(position, (long) alignment) * alignment;
  }

  private static void requireVersion(GgufCursor cursor) {
    if (cursor.remaining() < 8 || cursor.int32("the magic number") != MAGIC) {
      throw cursor.malformed("it does not begin with \"GGUF\"");
    }
    int version = cursor.int32("the version");
    if (version == Integer.reverseBytes(2) || version == Integer.reverseBytes(VERSION)) {
      throw cursor.malformed("it is of a big-endian machine, and only little-endian ones are read");
    }
    if (version != 2 && version != VERSION) {
      throw cursor.malformed(
          "it has version %s, and versions 2 and %d are read"
              .formatted(Integer.toUnsignedString(version), VERSION));
    }
  }

  private static int alignment(GgufMetadata metadata) {
    int alignment = metadata.findSize(ALIGNMENT).orElse(DEFAULT_ALIGNMENT);
    if (Integer.bitCount(alignment) != 1) {
      throw metadata.invalid(ALIGNMENT, "a power of two", alignment);
    }
    return alignment;
  }

  private static GgufTensorInfo tensor(GgufCursor cursor) {
    String name = cursor.text("a tensor's name");
    if (name.isEmpty() || name.length() >= MAX_NAME_BYTES) {
      throw cursor.malformed(
          "a tensor's name has %d characters, expected 1 to %d"
              .formatted(name.length(), MAX_NAME_BYTES - 1));
    }
    int dimensions = cursor.int32("the shape of " + name);
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
      throw cursor.malformed(
          "tensor %s has %s dimensions, expected 1 to %d"
              .formatted(name, Integer.toUnsignedString(dimensions), MAX_DIMENSIONS));
    }
    List<Long> shape = new ArrayList<>();
    for (int i = 0; i < dimensions; i++) {
      long size = cursor.int64("the shape of " + name);
      if (size < 1 || size > Integer.MAX_VALUE) {
        throw cursor.malformed(
            "tensor %s has a size of %s".formatted(name, Long.toUnsignedString(size)));
      }
      shape.addFirst(size);
    }
    int number = cursor.int32("the type of " + name);
    GgufType type =
        GgufType.ofNumber(number)
            .orElseThrow(() ->
                cursor.malformed(
                    "tensor %s is of type %s, and only %s are read"
                        .formatted(name, Integer.toUnsignedString(number), GgufType.names())));
    if (!type.fits(shape.getLast())) {
      throw cursor.malformed(
          "tensor %s of type %s has rows of %d weights, not a multiple of %d"
              .formatted(name, type, shape.getLast(), type.blockWeights()));
    }
    return new GgufTensorInfo(name, type, List.copyOf(shape), cursor.int64("offset of " + name));
  }

  private static void requireInside(
      List<GgufTensorInfo> tensors, long dataBytes, GgufCursor cursor) {
    long end = 0;
    String before = "";
    for (GgufTensorInfo tensor :
        tensors.stream().sorted(Comparator.comparingLong(GgufTensorInfo::offset)).toList()) {
      long bytes;
      try {
        bytes = tensor.byteSize();
      } catch (ArithmeticException e) {
        throw cursor.malformed(
            "tensor %s of shape %s is larger than any file"
                .formatted(tensor.name(), tensor.shape()));
      }
      if (tensor.offset() < 0 || tensor.offset() > dataBytes - bytes) {
        throw cursor.malformed(
            "tensor %s ends %s bytes after the file; it was cut off"
                .formatted(
                    tensor.name(),
                    Long.toUnsignedString(tensor.offset() + bytes - Math.max(0, dataBytes))));
      }
      if (tensor.offset() < end) {
        throw cursor.malformed("tensors %s and %s share bytes".formatted(before, tensor.name()));
      }
      end = tensor.offset() + bytes;
      before = tensor.name();
    }
  }

  /** Metadata values; counts the elements of all arrays. */
  private static final class Values {

    private final GgufCursor cursor;
    private int elements;

    Values(GgufCursor cursor) {
      this.cursor = cursor;
    }

    GgufMetadata metadata(int count, Path file) {
      SequencedMap<String, GgufValue> values = new LinkedHashMap<>();
      for (int i = 0; i < count; i++) {
        String key = cursor.text("a metadata key");
        GgufValue value = value(kind(key), key, 0);
        if (values.putIfAbsent(key, value) != null) {
          throw cursor.malformed("the metadata key " + key + " is there twice");
        }
      }
      return new GgufMetadata(file.toString(), Collections.unmodifiableSequencedMap(values));
    }

    private GgufKind kind(String key) {
      int number = cursor.int32("the type of " + key);
      return GgufKind.ofNumber(number)
          .orElseThrow(() ->
              cursor.malformed(
                  "the metadata key %s is of the unknown type %s"
                      .formatted(key, Integer.toUnsignedString(number))));
    }

    private GgufValue value(GgufKind kind, String key, int depth) {
      return switch (kind) {
        case UINT8 -> new Whole(kind, cursor.int8(key) & 0xFF);
        case INT8 -> new Whole(kind, cursor.int8(key));
        case UINT16 -> new Whole(kind, cursor.int16(key) & 0xFFFF);
        case INT16 -> new Whole(kind, cursor.int16(key));
        case UINT32 -> new Whole(kind, Integer.toUnsignedLong(cursor.int32(key)));
        case INT32 -> new Whole(kind, cursor.int32(key));
        case UINT64, INT64 -> new Whole(kind, cursor.int64(key));
        case FLOAT32 -> new Real(kind, Float.intBitsToFloat(cursor.int32(key)));
        case FLOAT64 -> new Real(kind, Double.longBitsToDouble(cursor.int64(key)));
        case BOOL -> flag(key);
        case STRING -> new Text(cursor.text("the value of " + key));
        case ARRAY -> sequence(key, depth + 1);
      };
    }

    private Flag flag(String key) {
      byte bits = cursor.int8(key);
      if (bits != 0 && bits != 1) {
        throw cursor.malformed("the metadata key %s is a flag of value %d".formatted(key, bits));
      }
      return new Flag(bits == 1);
    }

    private Sequence sequence(String key, int depth) {
      if (depth > MAX_DEPTH) {
        throw cursor.malformed("the arrays of %s nest deeper than %d".formatted(key, MAX_DEPTH));
      }
      GgufKind kind = kind(key);
      int count = cursor.count("elements of " + key, kind.leastBytes(), MAX_ELEMENTS);
      elements += count;
      if (elements > MAX_ELEMENTS) {
        throw cursor.malformed("its arrays have more than " + MAX_ELEMENTS + " elements in all");
      }
      List<GgufValue> values = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        values.add(value(kind, key, depth));
      }
      return new Sequence(kind, Collections.unmodifiableList(values));
    }
  }
}
