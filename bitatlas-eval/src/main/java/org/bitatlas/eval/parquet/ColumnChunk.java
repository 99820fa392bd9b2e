package org.bitatlas.eval.parquet;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * One column of a group of rows: its values with their levels.
 *
 * <p>Source: Apache Parquet, format specification 2.x (data pages, encodings, nested encoding).
 */
final class ColumnChunk {

  private static final int DATA_PAGE = 0;
  private static final int DICTIONARY_PAGE = 2;
  private static final int DATA_PAGE_2 = 3;
  private static final int LARGEST_PAGE = 1 << 30;
  private static final int MOST_VALUES = 1 << 26;

  private final Field column;
  private final int codec;
  private final List<Object> values = new ArrayList<>();
  private final List<int[]> definitions = new ArrayList<>();
  private final List<int[]> repetitions = new ArrayList<>();
  private Object[] dictionary = {};

  private ColumnChunk(Field column, int codec) {
    this.column = column;
    this.codec = codec;
  }

  /** Reads the pages of a chunk. */
  static ColumnCursor read(Field column, ByteBuffer file, Struct metadata) {
    ColumnChunk chunk = new ColumnChunk(column, metadata.integer(4));
    long data = metadata.number(9);
    long start = metadata.has(11) ? Math.min(data, metadata.number(11)) : data;
    // Some writers give 0 as the place of a dictionary that is not there.
    start = start == 0 ? data : start;
    long wanted = metadata.number(5);
    if (wanted > MOST_VALUES) {
      throw Values.unreadable(column, "more values than are read at once");
    }
    if (start < 4 || start >= file.limit()) {
      throw new MalformedParquet("a column lies outside of it");
    }
    ByteBuffer in = file.duplicate().position((int) start);
    long seen = 0;
    while (seen < wanted) {
      seen += chunk.page(in);
    }
    return new ColumnCursor(
        column, joined(chunk.repetitions), joined(chunk.definitions), chunk.values);
  }

  private int page(ByteBuffer in) {
    Struct header = new CompactReader(in).struct();
    int size = header.integer(3);
    int length = header.integer(2);
    if (size < 0 || size > in.remaining() || length < 0 || length > LARGEST_PAGE) {
      throw new MalformedParquet("a page of the column " + column.name() + " is cut off");
    }
    ByteBuffer body = in.slice(in.position(), size).order(ByteOrder.LITTLE_ENDIAN);
    in.position(in.position() + size);
    return switch (header.integer(1)) {
      case DICTIONARY_PAGE -> {
        int count = count(header.struct(7));
        dictionary = Values.plain(column, decompressed(body, length), count);
        yield 0;
      }
      case DATA_PAGE -> first(header.struct(5), decompressed(body, length));
      case DATA_PAGE_2 -> second(header.struct(8), body, length);
      default -> 0;
    };
  }

  private int first(Struct header, ByteBuffer body) {
    int count = count(header);
    repetitions.add(levels(body, column.level(), count));
    int[] definition = levels(body, column.definition(), count);
    add(definition, header.integer(2), body);
    return count;
  }

  private int count(Struct header) {
    int count = header.integer(1);
    if (count < 0 || count > MOST_VALUES) {
      throw new MalformedParquet("a page of the column " + column.name() + " is damaged");
    }
    return count;
  }

  /** Levels with their length in front. */
  private static int[] levels(ByteBuffer body, int highest, int count) {
    if (highest == 0) {
      return new int[count];
    }
    int length = body.getInt();
    ByteBuffer own = body.slice(body.position(), length);
    body.position(body.position() + length);
    return HybridRuns.read(own, width(highest), count);
  }

  private int second(Struct header, ByteBuffer body, int length) {
    int count = count(header);
    int definitionBytes = header.integer(5);
    int repetitionBytes = header.integer(6);
    int levelBytes = definitionBytes + repetitionBytes;
    repetitions.add(HybridRuns.read(body.slice(0, repetitionBytes), width(column.level()), count));
    int[] definition =
        HybridRuns.read(
            body.slice(repetitionBytes, definitionBytes), width(column.definition()), count);
    ByteBuffer rest =
        body.slice(levelBytes, body.limit() - levelBytes).order(ByteOrder.LITTLE_ENDIAN);
    boolean compressed = header.flag(7, true);
    add(definition, header.integer(4), compressed ? decompressed(rest, length - levelBytes) : rest);
    return count;
  }

  private static int width(int highest) {
    return 32 - Integer.numberOfLeadingZeros(highest);
  }

  private void add(int[] definition, int encoding, ByteBuffer in) {
    definitions.add(definition);
    int count = 0;
    for (int level : definition) {
      count += level == column.definition() ? 1 : 0;
    }
    values.addAll(List.of(decoded(encoding, in, count)));
  }

  private Object[] decoded(int encoding, ByteBuffer in, int count) {
    return switch (encoding) {
      case 0 -> Values.plain(column, in, count);
      case 2, 8 -> fromDictionary(in, count);
      case 3 -> {
        int[] flags = HybridRuns.read(in.position(in.position() + 4), 1, count);
        Object[] decoded = new Object[count];
        for (int i = 0; i < count; i++) {
          decoded[i] = flags[i] == 1;
        }
        yield decoded;
      }
      case 5 -> {
        long[] numbers = Values.differences(in, count);
        Object[] decoded = new Object[count];
        for (int i = 0; i < count; i++) {
          decoded[i] = numbers[i];
        }
        yield decoded;
      }
      case 6 -> Values.lengths(column, in, count);
      case 7 -> Values.prefixes(column, in, count);
      default -> throw Values.unreadable(column, "the encoding " + encoding);
    };
  }

  private Object[] fromDictionary(ByteBuffer in, int count) {
    Object[] decoded = new Object[count];
    if (count == 0) {
      return decoded;
    }
    int[] places = HybridRuns.read(in, in.get(), count);
    for (int i = 0; i < count; i++) {
      if (places[i] < 0 || places[i] >= dictionary.length) {
        throw Values.unreadable(column, "a value outside of its dictionary");
      }
      decoded[i] = dictionary[places[i]];
    }
    return decoded;
  }

  private ByteBuffer decompressed(ByteBuffer body, int length) {
    ByteBuffer text =
        switch (codec) {
          case 0 -> body;
          case 1 -> ByteBuffer.wrap(Snappy.decompress(body, length));
          case 2 -> ByteBuffer.wrap(gunzipped(body, length));
          case 4 -> throw Values.unreadable(column, "pages compressed by Brotli");
          case 6 -> throw Values.unreadable(column, "pages compressed by Zstandard");
          default -> throw Values.unreadable(column, "pages compressed by method " + codec);
        };
    return text.order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] gunzipped(ByteBuffer body, int length) {
    byte[] packed = new byte[body.remaining()];
    body.get(packed);
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      byte[] bytes = in.readNBytes(length);
      if (bytes.length != length) {
        throw new MalformedParquet("a compressed page ends too early");
      }
      return bytes;
    } catch (IOException e) {
      throw new MalformedParquet("a compressed page is damaged (" + e.getMessage() + ")");
    }
  }

  private static int[] joined(List<int[]> parts) {
    return parts.stream().flatMapToInt(Arrays::stream).toArray();
  }
}
