package org.bitatlas.template;

import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ELContext;
import org.jspecify.annotations.Nullable;

/**
 * Python's string methods in templates: {@code 'a b'.split()[-1]}, {@code text.strip('\n')}. Only
 * the methods named here can be called on a string; everything else goes to Jinjava's own, already
 * restricted resolver.
 */
final class PythonMethods extends CompositeELResolver {

  private static final Pattern INDEX = Pattern.compile("-?\\d{1,9}");

  PythonMethods() {
    add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
  }

  @Override
  public Object invoke(
      ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
    if (!(base instanceof String text)) {
      return super.invoke(context, base, method, types, arguments);
    }
    Object result = call(text, method.toString(), strings(arguments));
    context.setPropertyResolved(true);
    return result;
  }

  /** {@code 'ABCD'[2]} and {@code text[-1]}: one code point of a string. */
  @Override
  public @Nullable Object getValue(ELContext context, Object base, Object property) {
    // Jinjava hands indices on as text.
    if (base instanceof String text && INDEX.matcher(property.toString()).matches()) {
      int[] letters = text.codePoints().toArray();
      int index = Integer.parseInt(property.toString());
      int place = index < 0 ? letters.length + index : index;
      if (place >= 0 && place < letters.length) {
        context.setPropertyResolved(true);
        return Character.toString(letters[place]);
      }
    }
    return super.getValue(context, base, property);
  }

  private static List<String> strings(Object[] arguments) {
    return arguments == null
        ? List.of()
        : Arrays.stream(arguments).map(argument -> String.valueOf(argument)).toList();
  }

  private static Object call(String text, String method, List<String> arguments) {
    boolean bare = arguments.isEmpty() || arguments.getFirst().equals("null");
    String first = bare ? "" : arguments.getFirst();
    return switch (method) {
      case "strip" -> strip(text, first, bare, true, true);
      case "lstrip" -> strip(text, first, bare, true, false);
      case "rstrip" -> strip(text, first, bare, false, true);
      case "startswith" -> text.startsWith(first);
      case "endswith" -> text.endsWith(first);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "capitalize" ->
          text.isEmpty()
              ? text
              : text.substring(0, 1).toUpperCase(Locale.ROOT)
                  + text.substring(1).toLowerCase(Locale.ROOT);
      case "title" -> title(text);
      case "replace" -> text.replace(first, arguments.size() > 1 ? arguments.get(1) : "");
      case "find" -> text.indexOf(first);
      case "rfind" -> text.lastIndexOf(first);
      case "count" -> first.isEmpty() ? text.length() + 1 : split(text, first).size() - 1;
      case "split" -> bare ? words(text) : split(text, first);
      case "splitlines" -> text.lines().toList();
      case "removeprefix" -> text.startsWith(first) ? text.substring(first.length()) : text;
      case "removesuffix" ->
          text.endsWith(first) ? text.substring(0, text.length() - first.length()) : text;
      case "isdigit" -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
      default -> throw new IllegalArgumentException("strings have no method " + method);
    };
  }

  private static String strip(
      String text, String set, boolean bare, boolean atStart, boolean atEnd) {
    int start = 0;
    int end = text.length();
    while (atStart && start < end && strips(text.charAt(start), set, bare)) {
      start++;
    }
    while (atEnd && end > start && strips(text.charAt(end - 1), set, bare)) {
      end--;
    }
    return text.substring(start, end);
  }

  private static boolean strips(char letter, String set, boolean bare) {
    boolean space = Character.isWhitespace(letter) || Character.isSpaceChar(letter);
    return bare ? space || letter == '\u0085' : set.indexOf(letter) >= 0;
  }

  private static String title(String text) {
    StringBuilder titled = new StringBuilder();
    boolean inWord = false;
    for (char letter : text.toCharArray()) {
      titled.append(inWord ? Character.toLowerCase(letter) : Character.toTitleCase(letter));
      inWord = Character.isLetter(letter);
    }
    return titled.toString();
  }

  private static List<String> words(String text) {
    return Arrays.stream(strip(text, "", true, true, true).split("[\\s\\p{Z}\\u0085]+", -1))
        .filter(word -> !word.isEmpty())
        .toList();
  }

  private static List<String> split(String text, String separator) {
    List<String> parts = new ArrayList<>();
    int start = 0;
    for (int at = text.indexOf(separator);
        at >= 0 && !separator.isEmpty();
        at = text.indexOf(separator, start)) {
      parts.add(text.substring(start, at));
      start = at + separator.length();
    }
    parts.add(text.substring(start));
    return parts;
  }
}
