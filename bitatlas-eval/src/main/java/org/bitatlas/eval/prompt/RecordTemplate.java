package org.bitatlas.eval.prompt;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.template.JinjaTemplate;
import org.bitatlas.template.TemplateFailure;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Text over the fields of a record, in Jinja as lm-evaluation-harness reads it: {@code {{ field
 * }}}, Python's string methods, filters, conditions, loops; white space stays, and a field that is
 * not there is an error.
 */
public final class RecordTemplate {

  private static final Pattern FIELD = Pattern.compile("\\{\\{-?\\s*([A-Za-z_]\\w*)\\s*-?}}");

  private final String source;
  private final JinjaTemplate template;
  private final Set<String> texts;

  private RecordTemplate(String source, JinjaTemplate template, Set<String> texts) {
    this.source = source;
    this.template = template;
    this.texts = texts;
  }

  /**
   * Reads a template.
   *
   * @throws BitAtlasException when a brace is not closed, or it uses what is not supported
   */
  public static RecordTemplate parse(String source) {
    requireClosed(source, "{{", "}}");
    requireClosed(source, "{%", "%}");
    Set<String> texts = new LinkedHashSet<>();
    // A template that is one field may stand for a list; one with tags has names of its own.
    Matcher fields = FIELD.matcher(source);
    while (fields.find()) {
      if (!fields.group().equals(source.strip()) && !source.contains("{%")) {
        texts.add(fields.group(1));
      }
    }
    try {
      return new RecordTemplate(
          source,
          JinjaTemplate.of(source, JinjaTemplate.Dialect.STRICT, JinjaTemplate.Extensions.NONE),
          texts);
    } catch (BitAtlasException e) {
      throw new BitAtlasException(
          "The template \"" + source + "\" cannot be used: " + e.getMessage() + ".", e);
    }
  }

  private static void requireClosed(String source, String open, String close) {
    int last = source.lastIndexOf(open);
    if (last >= 0 && source.indexOf(close, last) < 0) {
      throw new BitAtlasException(
          "The template \"" + source + "\" has an open " + open + " without a closing one.");
    }
  }

  /** The template as written. */
  public String source() {
    return source;
  }

  /** The text for one record; an error names its place and the field. */
  public String render(Document document) {
    texts.forEach(field -> requireText(document, field));
    Matcher whole = FIELD.matcher(source);
    if (whole.matches()) {
      requireText(document, whole.group(1));
    }
    try {
      return template.render(document.fields());
    } catch (TemplateFailure e) {
      throw failure(document, e);
    }
  }

  /** The value of a template that is one expression (a text, a number, a list), else its text. */
  public Object value(Document document) {
    Matcher whole = FIELD.matcher(source);
    if (whole.matches()) {
      Object value = document.fields().get(whole.group(1));
      if (value == null) {
        throw document.error(whole.group(1), "a value");
      }
      return value;
    }
    try {
      return template.value(document.fields());
    } catch (TemplateFailure e) {
      throw failure(document, e);
    }
  }

  private static void requireText(Document document, String field) {
    Object value = document.fields().get(field);
    boolean writable = value instanceof String || value instanceof Number;
    if (!writable || value instanceof Double) {
      throw document.error(field, "a text");
    }
  }

  private BitAtlasException failure(Document document, TemplateFailure failure) {
    return new BitAtlasException(
        document.place()
            + ": the template \""
            + source
            + "\" cannot be rendered: "
            + failure.getMessage()
            + ".",
        failure);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RecordTemplate that && source.equals(that.source);
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
