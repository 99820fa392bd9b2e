package org.bitatlas.eval.parquet;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A field of the schema: a column, or a group of fields.
 *
 * @param name its name
 * @param repetition how often it stands in what holds it
 * @param definition definition level from which it is there
 * @param level repetition level of its elements
 * @param type physical type; empty for a group
 * @param kind what the value means
 * @param children fields of a group
 */
record Field(
    String name,
    Repetition repetition,
    int definition,
    int level,
    OptionalInt type,
    Kind kind,
    List<Field> children) {

  /** How often a field stands in what holds it. */
  enum Repetition {
    REQUIRED,
    OPTIONAL,
    REPEATED
  }

  /** What a value means, as far as it is read here. */
  enum Kind {
    PLAIN,
    TEXT,
    LIST
  }

  private static final int BYTE_ARRAY = 6;

  /** The schema of a file as the group of its columns. */
  static Field root(List<Struct> elements) {
    int[] next = {0};
    Field root = read(elements, next, 0, 0, true);
    if (next[0] != elements.size()) {
      throw new MalformedParquet("its schema does not add up");
    }
    return root;
  }

  private static Field read(
      List<Struct> elements, int[] next, int definition, int level, boolean isRoot) {
    if (next[0] >= elements.size()) {
      throw new MalformedParquet("its schema ends too early");
    }
    Struct element = elements.get(next[0]++);
    Repetition repetition =
        isRoot ? Repetition.REQUIRED : Repetition.values()[Math.floorMod(element.integer(3), 3)];
    int ownDefinition = definition + (repetition == Repetition.REQUIRED ? 0 : 1);
    int ownLevel = level + (repetition == Repetition.REPEATED ? 1 : 0);
    List<Field> children = new ArrayList<>();
    int count = element.optionalInteger(5).orElse(0);
    for (int i = 0; i < count; i++) {
      children.add(read(elements, next, ownDefinition, ownLevel, false));
    }
    return new Field(
        element.text(4),
        repetition,
        ownDefinition,
        ownLevel,
        element.optionalInteger(1),
        kind(element),
        List.copyOf(children));
  }

  private static Kind kind(Struct element) {
    int converted = element.optionalInteger(6).orElse(-1);
    Struct logical = element.optionalStruct(10).orElse(new Struct(Map.of()));
    boolean text = converted == 0 || converted == 4 || converted == 19;
    if (text || logical.has(1) || logical.has(4) || logical.has(12)) {
      return Kind.TEXT;
    }
    return converted == 3 || logical.has(3) ? Kind.LIST : Kind.PLAIN;
  }

  boolean isColumn() {
    return children.isEmpty();
  }

  /** Whether values are bytes that mean text. */
  boolean isText() {
    return type.orElse(-1) == BYTE_ARRAY && kind == Kind.TEXT;
  }

  /** The columns below it, in the order of the file. */
  List<Field> columns() {
    return isColumn()
        ? List.of(this)
        : children.stream().flatMap(child -> child.columns().stream()).toList();
  }

  /** Where this is the repeated group of a list: whether that group is only a wrapping. */
  boolean wrapsElement(String listName) {
    return children.size() == 1 && !name.equals("array") && !name.equals(listName + "_tuple");
  }
}
