package org.bitatlas.eval.prompt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Comma- or tab-separated values with a line of field names, as RFC 4180 has them: a field in
 * double quotes may hold separators, line ends and doubled quotes. All fields are texts;
 * tab-separated fields are not quoted.
 */
final class SeparatedValues {

  private final String file;
  private final String text;
  private final char separator;
  private int position;
  private int line = 1;

  private SeparatedValues(String file, String text, char separator) {
    this.file = file;
    this.text = text.replace("\r\n", "\n");
    this.separator = separator;
  }

  /** The records of a file. */
  static List<Document> documents(String file, String text) {
    SeparatedValues values =
        new SeparatedValues(
            file, text.replaceFirst("^\uFEFF", ""), file.endsWith(".tsv") ? '\t' : ',');
    List<String> names = values.row();
    List<Document> documents = new ArrayList<>();
    while (values.position < values.text.length()) {
      String place = file + ", line " + values.line;
      List<String> row = values.row();
      if (row.size() != names.size()) {
        throw new BitAtlasException(
            place + ": expected " + names.size() + " fields, found " + row.size() + ".");
      }
      Map<String, Object> fields = new LinkedHashMap<>();
      for (int i = 0; i < names.size(); i++) {
        fields.put(names.get(i), row.get(i));
        // A template can name a column only where its name is one word.
        fields.put(names.get(i).replace(' ', '_'), row.get(i));
      }
      documents.add(new Document(place, fields));
    }
    return documents;
  }

  private List<String> row() {
    List<String> row = new ArrayList<>();
    while (true) {
      boolean quoted = separator == ',' && text.startsWith("\"", position);
      row.add(quoted ? quoted() : plain());
      if (position >= text.length() || text.charAt(position) == '\n') {
        position++;
        line++;
        return row;
      }
      position++;
    }
  }

  private String plain() {
    int start = position;
    while (position < text.length()
        && text.charAt(position) != separator
        && text.charAt(position) != '\n') {
      position++;
    }
    return text.substring(start, position);
  }

  private String quoted() {
    StringBuilder field = new StringBuilder();
    position++;
    while (true) {
      int quote = text.indexOf('"', position);
      if (quote < 0) {
        throw new BitAtlasException(file + ", line " + line + ": a quoted field is not closed.");
      }
      field.append(text, position, quote);
      line += (int) text.substring(position, quote).chars().filter(c -> c == '\n').count();
      position = quote + 1;
      if (!text.startsWith("\"", position)) {
        break;
      }
      field.append('"');
      position++;
    }
    if (position < text.length()
        && text.charAt(position) != separator
        && text.charAt(position) != '\n') {
      throw new BitAtlasException(
          file + ", line " + line + ": expected a separator after a quoted field.");
    }
    return field.toString();
  }
}
