package org.bitatlas.eval.parquet;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The records of a Parquet file: columns of texts, whole and other numbers and truth values, lists
 * and structs of such; a missing value has no field, as in a JSON object without it. Pages may be
 * uncompressed or compressed by Snappy or gzip. Bytes that are no text have no field.
 */
public final class ParquetFile {

  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  private final Field root;
  private final Map<Field, ColumnCursor> cursors = new IdentityHashMap<>();

  private ParquetFile(Field root) {
    this.root = root;
  }

  /**
   * Reads all records.
   *
   * @param place name of the file, for errors
   * @param content the whole file
   * @throws BitAtlasException when it is no Parquet file or has something that is not read here;
   *     one sentence that says what
   */
  public static List<Map<String, Object>> read(String place, byte[] content) {
    try {
      return records(content);
    } catch (MalformedParquet e) {
      throw new BitAtlasException(
          place + " cannot be read as Parquet: " + e.getMessage() + "; write it as JSON Lines.", e);
    } catch (BufferUnderflowException
        | IndexOutOfBoundsException
        | IllegalArgumentException
        | ArithmeticException e) {
      throw new BitAtlasException(
          place + " is damaged: its pages and its metadata do not fit together.", e);
    }
  }

  private static List<Map<String, Object>> records(byte[] content) {
    ByteBuffer file = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    if (content.length < 12 || !isMagic(file, 0) || !isMagic(file, content.length - 4)) {
      throw new MalformedParquet("it does not begin and end with PAR1");
    }
    int length = file.getInt(content.length - 8);
    if (length < 0 || length > content.length - 12) {
      throw new MalformedParquet("its metadata is longer than the file");
    }
    Struct metadata = new CompactReader(file.slice(content.length - 8 - length, length)).struct();
    Field root = Field.root(metadata.structs(2));
    List<Map<String, Object>> records = new ArrayList<>();
    for (Struct group : metadata.structs(4)) {
      ParquetFile reader = new ParquetFile(root);
      reader.open(file, group);
      for (long row = group.number(3); row > 0; row--) {
        records.add(reader.fields(root));
      }
    }
    return records;
  }

  private static boolean isMagic(ByteBuffer file, int at) {
    byte[] found = new byte[4];
    file.get(at, found);
    return Arrays.equals(found, MAGIC);
  }

  private void open(ByteBuffer file, Struct group) {
    List<Field> columns = root.columns();
    List<Struct> chunks = group.structs(1);
    if (root.isColumn() || chunks.size() != columns.size()) {
      throw new MalformedParquet("a group of rows has another number of columns than the schema");
    }
    for (int i = 0; i < columns.size(); i++) {
      cursors.put(columns.get(i), ColumnChunk.read(columns.get(i), file, chunks.get(i).struct(3)));
    }
  }

  private Map<String, Object> fields(Field group) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Field child : group.children()) {
      value(child).ifPresent(value -> fields.put(child.name(), value));
    }
    return fields;
  }

  private Optional<Object> value(Field field) {
    if (field.repetition() == Field.Repetition.REPEATED) {
      return Optional.of(list(field, Optional.empty()));
    }
    if (first(field).definition() < field.definition()) {
      field.columns().forEach(column -> cursor(column).skip());
      return Optional.empty();
    }
    return there(field);
  }

  /** A value of which is known that it is there. */
  private Optional<Object> there(Field field) {
    if (field.isColumn()) {
      return Optional.of(cursor(field).take()).filter(value -> !(value instanceof byte[]));
    }
    boolean isList =
        field.kind() == Field.Kind.LIST
            && field.children().size() == 1
            && field.children().getFirst().repetition() == Field.Repetition.REPEATED;
    return Optional.of(
        isList ? list(field.children().getFirst(), Optional.of(field.name())) : fields(field));
  }

  /**
   * The elements of a repeated field.
   *
   * @param list name of the list whose elements it wraps; empty where it stands by itself
   */
  private List<Object> list(Field repeated, Optional<String> list) {
    List<Object> elements = new ArrayList<>();
    if (first(repeated).definition() < repeated.definition()) {
      repeated.columns().forEach(column -> cursor(column).skip());
      return elements;
    }
    boolean wrapping = list.isPresent() && repeated.wrapsElement(list.get());
    do {
      Optional<Object> element = wrapping ? value(repeated.children().getFirst()) : there(repeated);
      element.ifPresent(elements::add);
    } while (first(repeated).goesOn(repeated.level()));
    return elements;
  }

  private ColumnCursor first(Field field) {
    return cursor(field.columns().getFirst());
  }

  private ColumnCursor cursor(Field column) {
    ColumnCursor cursor = cursors.get(column);
    if (cursor == null) {
      throw new MalformedParquet("the column " + column.name() + " is missing");
    }
    return cursor;
  }
}
