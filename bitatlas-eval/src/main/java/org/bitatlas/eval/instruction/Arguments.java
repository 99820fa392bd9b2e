package org.bitatlas.eval.instruction;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.bitatlas.eval.metric.PythonText;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The arguments of one instruction of a record.
 *
 * @param id name of the instruction
 * @param values texts, integers and lists of texts by name
 */
record Arguments(String id, Map<String, Object> values) {

  String text(String key) {
    if (values.get(key) instanceof String text && !text.isEmpty()) {
      return text;
    }
    throw error(key, String.valueOf(values.get(key)), "a text");
  }

  /** A number that is at least 1: the data has null in place of 0. */
  int number(String key) {
    if (values.get(key) instanceof Number number && number.intValue() > 0) {
      return number.intValue();
    }
    throw error(key, String.valueOf(values.get(key)), "an integer, at least 1");
  }

  List<String> texts(String key) {
    if (!(values.get(key) instanceof List<?> list) || list.isEmpty()) {
      throw error(key, String.valueOf(values.get(key)), "a list of texts");
    }
    List<String> texts = new ArrayList<>();
    for (Object element : list) {
      if (!(element instanceof String text)) {
        throw error(key, list.toString(), "a list of texts");
      }
      texts.add(text);
    }
    return texts;
  }

  /** A regular expression around the text that the record gives, which is itself one. */
  Pattern expression(String key, String before, String inside, String after, int flags) {
    try {
      return PythonText.pattern(before + inside + after, flags);
    } catch (PatternSyntaxException e) {
      throw error(key, inside, "a regular expression");
    }
  }

  BitAtlasException error(String key, String found, String expected) {
    return new BitAtlasException(
        "The instruction %s has %s = %s; expected %s.".formatted(id, key, found, expected));
  }
}
