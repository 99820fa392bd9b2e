package org.bitatlas.eval.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** LaTeX cut into tokens, and a place among them. */
final class LatexTokens {

  /** Kinds of tokens. */
  enum Kind {
    NUMBER,
    LETTER,
    COMMAND,
    SIGN,
    ROW,
    END
  }

  /**
   * A token.
   *
   * @param kind its kind
   * @param text digits with a point, the letter, the command without its backslash, or the sign
   */
  record Token(Kind kind, String text) {

    boolean is(Kind wanted, String wantedText) {
      return kind == wanted && text.equals(wantedText);
    }
  }

  private static final Token END = new Token(Kind.END, "");

  private static final Pattern NEXT =
      Pattern.compile(
          "(?<space>\\s+|~|\\\\[,;: ]|\\\\quad|\\\\qquad|\\\\limits(?![a-zA-Z]))"
              + "|(?<repeating>\\d*\\.\\d*\\\\overline\\s*\\{\\d+\\})"
              + "|(?<number>(?:\\d{1,3}(?:,\\d{3})+(?![\\d,])|\\d+)(?:\\.\\d+)?|\\.\\d+)"
              + "|(?<row>\\\\\\\\)"
              + "|\\\\(?<command>[a-zA-Z]+|[{}%|])"
              + "|(?<letter>\\p{L})"
              + "|(?<sign>.)",
          Pattern.DOTALL);

  private static final Map<String, String> UNICODE =
      Map.ofEntries(
          Map.entry("π", "pi"),
          Map.entry("∞", "infty"),
          Map.entry("√", "sqrt"),
          Map.entry("×", "times"),
          Map.entry("·", "cdot"),
          Map.entry("÷", "div"),
          Map.entry("±", "pm"),
          Map.entry("≤", "leq"),
          Map.entry("≥", "geq"),
          Map.entry("≠", "neq"),
          Map.entry("∪", "cup"),
          Map.entry("∩", "cap"),
          Map.entry("∈", "in"),
          Map.entry("°", "degree"),
          Map.entry("θ", "theta"));

  private final List<Token> tokens = new ArrayList<>();
  private int next;

  LatexTokens(String text) {
    Matcher matcher = NEXT.matcher(text);
    while (matcher.lookingAt()) {
      token(matcher);
      matcher.region(matcher.end(), text.length());
    }
  }

  private void token(Matcher matcher) {
    String sign = matcher.group("sign");
    String letter = matcher.group("letter");
    String single = sign != null ? sign : letter;
    if (matcher.group("repeating") != null) {
      tokens.add(new Token(Kind.NUMBER, matcher.group("repeating")));
    } else if (matcher.group("number") != null) {
      tokens.add(new Token(Kind.NUMBER, matcher.group("number").replace(",", "")));
    } else if (matcher.group("row") != null) {
      tokens.add(new Token(Kind.ROW, "\\\\"));
    } else if (matcher.group("command") != null) {
      tokens.add(new Token(Kind.COMMAND, matcher.group("command")));
    } else if (single != null && UNICODE.containsKey(single)) {
      tokens.add(new Token(Kind.COMMAND, UNICODE.getOrDefault(single, single)));
    } else if (letter != null) {
      tokens.add(new Token(Kind.LETTER, letter));
    } else if (sign != null) {
      tokens.add(new Token(Kind.SIGN, sign.equals("−") ? "-" : sign));
    }
  }

  Token peek() {
    return peek(0);
  }

  Token peek(int ahead) {
    return next + ahead < tokens.size() ? tokens.get(next + ahead) : END;
  }

  Token take() {
    Token token = peek();
    next++;
    return token;
  }

  boolean atSign(String sign) {
    return peek().is(Kind.SIGN, sign);
  }

  boolean atCommand(String command) {
    return peek().is(Kind.COMMAND, command);
  }

  /** Takes the sign, if it is next. */
  boolean takeSign(String sign) {
    boolean there = atSign(sign);
    next += there ? 1 : 0;
    return there;
  }

  /** Takes the command, if it is next. */
  boolean takeCommand(String command) {
    boolean there = atCommand(command);
    next += there ? 1 : 0;
    return there;
  }

  int place() {
    return next;
  }

  void returnTo(int place) {
    next = place;
  }

  /** Splits a number of several digits that stands where one digit is an argument. */
  Token takeArgument() {
    Token token = peek();
    if (token.kind() == Kind.NUMBER && token.text().matches("\\d{2,}")) {
      tokens.set(next, new Token(Kind.NUMBER, token.text().substring(1)));
      return new Token(Kind.NUMBER, token.text().substring(0, 1));
    }
    return take();
  }
}
