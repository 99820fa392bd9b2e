package org.bitatlas.eval.parquet;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A struct of the metadata.
 *
 * @param fields values by number of the field
 */
record Struct(Map<Integer, Object> fields) {

  boolean has(int field) {
    return fields.containsKey(field);
  }

  int integer(int field) {
    return Math.toIntExact(number(field));
  }

  OptionalInt optionalInteger(int field) {
    return has(field) ? OptionalInt.of(integer(field)) : OptionalInt.empty();
  }

  long number(int field) {
    if (fields.get(field) instanceof Long number) {
      return number;
    }
    throw missing(field);
  }

  String text(int field) {
    if (fields.get(field) instanceof byte[] bytes) {
      return new String(bytes, StandardCharsets.UTF_8);
    }
    throw missing(field);
  }

  Struct struct(int field) {
    return optionalStruct(field).orElseThrow(() -> missing(field));
  }

  Optional<Struct> optionalStruct(int field) {
    return fields.get(field) instanceof Struct struct ? Optional.of(struct) : Optional.empty();
  }

  boolean flag(int field, boolean absent) {
    return fields.get(field) instanceof Boolean flag ? flag : absent;
  }

  List<Struct> structs(int field) {
    if (fields.get(field) instanceof List<?> list
        && list.stream().allMatch(element -> element instanceof Struct)) {
      return list.stream().map(Struct.class::cast).toList();
    }
    throw missing(field);
  }

  private static MalformedParquet missing(int field) {
    return new MalformedParquet("its metadata lacks field " + field);
  }
}
