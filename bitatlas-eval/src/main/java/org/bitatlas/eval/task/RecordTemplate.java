package org.bitatlas.eval.task;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.bitatlas.eval.metric.Whitespace;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Text over the fields of a record: {@code {field}} or {@code {field|filter}} is replaced, all else
 * stands for itself.
 *
 * <p>Filters: {@code lettered} writes a list as {@code one A, two B}; {@code lines} one element a
 * line; {@code letter} an index as A, B, ...; {@code yes_no} a boolean as yes or no; {@code
 * before:other} the text without the text of field {@code other} at its end and without the
 * whitespace before that.
 */
public final class RecordTemplate {

  private final String source;
  private final List<Part> parts;

  private RecordTemplate(String source, List<Part> parts) {
    this.source = source;
    this.parts = parts;
  }

  private sealed interface Part {

    String render(RecordLine fields);
  }

  private record Literal(String text) implements Part {
    @Override
    public String render(RecordLine fields) {
      return text;
    }
  }

  private record Text(String field) implements Part {
    @Override
    public String render(RecordLine fields) {
      return fields.text(field);
    }
  }

  private record Lettered(String field) implements Part {
    @Override
    public String render(RecordLine fields) {
      List<String> texts = fields.texts(field);
      List<String> lettered = new ArrayList<>();
      for (int i = 0; i < texts.size(); i++) {
        lettered.add(texts.get(i) + " " + letter(i));
      }
      return String.join(", ", lettered);
    }
  }

  private record Lines(String field) implements Part {
    @Override
    public String render(RecordLine fields) {
      return String.join("\n", fields.texts(field));
    }
  }

  private record Letter(String field) implements Part {
    @Override
    public String render(RecordLine fields) {
      int index = fields.integer(field);
      if (index < 0 || index > 25) {
        throw fields.error(field, "an index from 0 to 25");
      }
      return letter(index);
    }
  }

  private record YesNo(String field) implements Part {
    @Override
    public String render(RecordLine fields) {
      return fields.bool(field) ? "yes" : "no";
    }
  }

  private record Before(String field, String end) implements Part {
    @Override
    public String render(RecordLine fields) {
      String text = fields.text(field);
      String last = fields.text(end);
      if (!text.endsWith(last)) {
        throw fields.error(field, "a text that ends with the field \"" + end + "\"");
      }
      return Whitespace.stripTrailing(text.substring(0, text.length() - last.length()));
    }
  }

  private static String letter(int index) {
    return String.valueOf((char) ('A' + index));
  }

  /**
   * Reads a template.
   *
   * @throws BitAtlasException when a brace is not closed or a filter is unknown
   */
  public static RecordTemplate parse(String source) {
    List<Part> parts = new ArrayList<>();
    int position = 0;
    while (position < source.length()) {
      int open = source.indexOf('{', position);
      if (open < 0) {
        parts.add(new Literal(source.substring(position)));
        break;
      }
      int close = source.indexOf('}', open);
      if (close < 0) {
        throw new BitAtlasException(
            "The template \"" + source + "\" has an open brace without a closing one.");
      }
      if (open > position) {
        parts.add(new Literal(source.substring(position, open)));
      }
      parts.add(placeholder(source, source.substring(open + 1, close)));
      position = close + 1;
    }
    return new RecordTemplate(source, List.copyOf(parts));
  }

  private static Part placeholder(String source, String text) {
    int bar = text.indexOf('|');
    String field = bar < 0 ? text : text.substring(0, bar);
    String filter = bar < 0 ? "" : text.substring(bar + 1);
    if (filter.startsWith("before:")) {
      return new Before(field, filter.substring("before:".length()));
    }
    return switch (filter) {
      case "" -> new Text(field);
      case "lettered" -> new Lettered(field);
      case "lines" -> new Lines(field);
      case "letter" -> new Letter(field);
      case "yes_no" -> new YesNo(field);
      default ->
          throw new BitAtlasException(
              "The template \""
                  + source
                  + "\" has the unknown filter \""
                  + filter
                  + "\"; filters are lettered, lines, letter, yes_no and before:FIELD.");
    };
  }

  /** The template as written. */
  public String source() {
    return source;
  }

  /** The text for one record; an error names file, line and field. */
  String render(RecordLine fields) {
    return parts.stream().map(part -> part.render(fields)).collect(Collectors.joining());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RecordTemplate template && source.equals(template.source);
  }

  @Override
  public int hashCode() {
    return source.hashCode();
  }

  @Override
  public String toString() {
    return source;
  }
}
