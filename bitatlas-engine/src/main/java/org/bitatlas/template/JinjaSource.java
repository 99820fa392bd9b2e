package org.bitatlas.template;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Turns a template written for Python's Jinja into one that Jinjava renders the same way.
 *
 * <p>White space around tags is resolved here, because Jinjava strips it in other places: it also
 * takes spaces before a tag in the middle of a line, and the newline at the end of the output
 * instead of the one at the end of the source. Then the few expressions are rewritten that Jinjava
 * reads differently. Source: Jinja 3 documentation, "Whitespace Control", and its lexer.
 */
final class JinjaSource {

  private static final Pattern NOT_IS =
      Pattern.compile(
          "\\bnot\\s+([A-Za-z_]\\w*(?:\\.\\w+|\\[[^\\[\\]]*\\])*)\\s+is\\s+(not\\s+)?([a-z]+)");
  private static final Pattern EQUALS_BOOLEAN = Pattern.compile("([!=])=\\s*([tT]rue|[fF]alse)\\b");
  private static final Pattern NAMESPACE = Pattern.compile("\\bnamespace\\s*\\(");

  /** Jinjava would silently ignore the condition. */
  private static final Pattern FILTERED_LOOP =
      Pattern.compile("^\\s*for\\s.*\\sin\\s.*\\sif\\s(?!.*\\selse\\s)", Pattern.DOTALL);

  private static final Pattern GENERATION = Pattern.compile("\\s*(end)?generation\\s*");

  private final String source;
  private final boolean trimsBlocks;
  private final StringBuilder output = new StringBuilder();
  private int position;
  private boolean atLineStart = true;

  private JinjaSource(String source, boolean trimsBlocks) {
    this.source = source;
    this.trimsBlocks = trimsBlocks;
  }

  /**
   * The template for Jinjava, without white-space control and without comments.
   *
   * @throws BitAtlasException when it uses what cannot be rendered here
   */
  static String adapt(String source, JinjaTemplate.Dialect dialect) {
    boolean chat = dialect == JinjaTemplate.Dialect.CHAT;
    String joined = source.replace("\r\n", "\n").replace('\r', '\n');
    boolean dropsLineEnd = chat && joined.endsWith("\n");
    String text = dropsLineEnd ? joined.substring(0, joined.length() - 1) : joined;
    return new JinjaSource(text, chat).run();
  }

  private String run() {
    while (position < source.length()) {
      int open = nextOpening(position);
      if (open < 0) {
        output.append(source, position, source.length());
        break;
      }
      appendText(open);
      appendTag(open);
    }
    return output.toString();
  }

  private int nextOpening(int from) {
    for (int i = source.indexOf('{', from);
        i >= 0 && i + 1 < source.length();
        i = source.indexOf('{', i + 1)) {
      if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** Copies the text before a tag, less what the tag's left side strips. */
  private void appendText(int open) {
    String text = source.substring(position, open);
    char control = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
    boolean isBlock = source.charAt(open + 1) != '{';
    if (control == '-') {
      text = text.stripTrailing();
    } else if (trimsBlocks && isBlock && control != '+') {
      int line = text.lastIndexOf('\n') + 1;
      if ((line > 0 || atLineStart) && text.substring(line).isBlank()) {
        text = text.substring(0, line);
      }
    }
    output.append(text);
  }

  /** Copies a tag in plain form and passes over the white space that its right side strips. */
  private void appendTag(int open) {
    char kind = source.charAt(open + 1);
    String closing = kind == '{' ? "}}" : kind + "}";
    int start = open + 2;
    if (start < source.length() && "-+".indexOf(source.charAt(start)) >= 0) {
      start++;
    }
    int end = kind == '#' ? source.indexOf(closing, start) : closingOf(closing, start);
    if (end < 0) {
      output.append(source, open, source.length());
      position = source.length();
      return;
    }
    char control = end > start ? source.charAt(end - 1) : ' ';
    boolean controlled = control == '-' || (control == '+' && kind != '{');
    String inner = source.substring(start, controlled ? end - 1 : end);
    if (kind == '{') {
      output.append("{{ ").append(expression(inner).strip()).append(" }}");
    } else if (kind == '%' && !GENERATION.matcher(inner).matches()) {
      if (FILTERED_LOOP.matcher(inner).find()) {
        throw new BitAtlasException(
            "it filters a loop ({%" + inner + "%}), which is not supported here");
      }
      output.append("{% ").append(expression(inner).strip()).append(" %}");
    }
    position = end + 2;
    if (control == '-') {
      while (position < source.length() && Character.isWhitespace(source.charAt(position))) {
        position++;
      }
    } else if (trimsBlocks && kind != '{' && control != '+' && source.startsWith("\n", position)) {
      position++;
    }
    atLineStart = source.charAt(position - 1) == '\n';
  }

  /** Where a tag ends, string literals passed over. */
  private int closingOf(String closing, int start) {
    int depth = 0;
    int i = start;
    while (i < source.length()) {
      char letter = source.charAt(i);
      if (letter == '\'' || letter == '"') {
        i = literalEnd(source, i);
        continue;
      }
      if (depth == 0 && source.startsWith(closing, i)) {
        return i;
      }
      depth += letter == '{' ? 1 : letter == '}' && depth > 0 ? -1 : 0;
      i++;
    }
    return -1;
  }

  /** The place after the string literal that starts at {@code start}. */
  private static int literalEnd(String text, int start) {
    int i = start + 1;
    while (i < text.length() && text.charAt(i) != text.charAt(start)) {
      i += text.charAt(i) == '\\' ? 2 : 1;
    }
    return Math.min(i + 1, text.length());
  }

  private static String expression(String code) {
    String adapted = code.replace("[::-1]", "|reverse");
    // `not x is defined` is `not (x is defined)` in Python, `(not x) is defined` in Jinjava.
    adapted =
        NOT_IS
            .matcher(adapted)
            .replaceAll(match ->
                Matcher.quoteReplacement(
                    match.group(1)
                        + (match.group(2) == null ? " is not " : " is ")
                        + match.group(3)));
    // An empty string equals false in Jinjava, not in Python.
    adapted =
        EQUALS_BOOLEAN
            .matcher(adapted)
            .replaceAll(match ->
                (match.group(1).equals("!") ? " is not " : " is ")
                    + match.group(2).toLowerCase(java.util.Locale.ROOT));
    Matcher namespace = NAMESPACE.matcher(adapted);
    return namespace.find() ? parenthesized(adapted, namespace.end()) : adapted;
  }

  /** Puts each value of {@code namespace(name=value)} in parentheses; `=` binds tightest here. */
  private static String parenthesized(String code, int start) {
    StringBuilder text = new StringBuilder(code.substring(0, start));
    boolean inValue = false;
    int depth = 0;
    int i = start;
    while (i < code.length()) {
      char letter = code.charAt(i);
      if (letter == '\'' || letter == '"') {
        int end = literalEnd(code, i);
        text.append(code, i, end);
        i = end;
        continue;
      }
      boolean ends = depth == 0 && (letter == ',' || letter == ')');
      if (ends && inValue) {
        text.append(')');
        inValue = false;
      }
      text.append(letter);
      if (depth == 0 && letter == '=' && !inValue) {
        text.append('(');
        inValue = true;
      }
      if (ends && letter == ')') {
        return text.append(code, i + 1, code.length()).toString();
      }
      depth += "([{".indexOf(letter) >= 0 ? 1 : ")]}".indexOf(letter) >= 0 ? -1 : 0;
      i++;
    }
    return code;
  }
}
