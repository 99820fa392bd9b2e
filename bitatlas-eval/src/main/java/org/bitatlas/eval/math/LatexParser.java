package org.bitatlas.eval.math;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.bitatlas.eval.math.LatexTokens.Kind;
import org.bitatlas.eval.math.LatexTokens.Token;
import org.bitatlas.eval.math.MathExpression.Application;
import org.bitatlas.eval.math.MathExpression.Comparison;
import org.bitatlas.eval.math.MathExpression.Constant;
import org.bitatlas.eval.math.MathExpression.FiniteSet;
import org.bitatlas.eval.math.MathExpression.Interval;
import org.bitatlas.eval.math.MathExpression.Literal;
import org.bitatlas.eval.math.MathExpression.Matrix;
import org.bitatlas.eval.math.MathExpression.Name;
import org.bitatlas.eval.math.MathExpression.Percent;
import org.bitatlas.eval.math.MathExpression.PlusMinus;
import org.bitatlas.eval.math.MathExpression.Power;
import org.bitatlas.eval.math.MathExpression.Product;
import org.bitatlas.eval.math.MathExpression.Relation;
import org.bitatlas.eval.math.MathExpression.SetOperation;
import org.bitatlas.eval.math.MathExpression.Sum;
import org.bitatlas.eval.math.MathExpression.Tuple;
import org.hipparchus.fraction.BigFraction;

/**
 * Reads an answer in LaTeX, by recursive descent:
 *
 * <pre>
 * answer    = relation { ("," | ";") relation }
 * relation  = sets { ("=" | "&lt;" | "\le" | ...) sets }
 * sets      = sum { ("\cup" | "\cap" | "\setminus") sum }
 * sum       = term { ("+" | "-" | "\pm" | "\mp") term }
 * term      = signed { ("*" | "\cdot" | "\times" | "/" | "\div") signed }
 * signed    = { "+" | "-" | "\pm" } implicit
 * implicit  = postfix { postfix }                         binds tighter than "/": 1/2x is 1/(2x)
 * postfix   = atom [ "_" argument ] [ "^" argument ] { "!" | "\%" | "^\circ" }
 * </pre>
 */
final class LatexParser {

  private static final int DEEPEST = 60;

  private static final Set<String> FUNCTIONS =
      Set.of(
          "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh",
          "tanh", "ln", "log", "lg", "exp", "gcd", "lcm", "max", "min");

  private static final Map<String, Comparison> COMPARISONS =
      Map.ofEntries(
          Map.entry("=", Comparison.EQUAL),
          Map.entry("<", Comparison.LESS),
          Map.entry(">", Comparison.GREATER),
          Map.entry("≤", Comparison.LESS_OR_EQUAL),
          Map.entry("≥", Comparison.GREATER_OR_EQUAL),
          Map.entry("lt", Comparison.LESS),
          Map.entry("gt", Comparison.GREATER),
          Map.entry("le", Comparison.LESS_OR_EQUAL),
          Map.entry("leq", Comparison.LESS_OR_EQUAL),
          Map.entry("leqslant", Comparison.LESS_OR_EQUAL),
          Map.entry("ge", Comparison.GREATER_OR_EQUAL),
          Map.entry("geq", Comparison.GREATER_OR_EQUAL),
          Map.entry("geqslant", Comparison.GREATER_OR_EQUAL),
          Map.entry("ne", Comparison.NOT_EQUAL),
          Map.entry("neq", Comparison.NOT_EQUAL),
          Map.entry("approx", Comparison.EQUAL),
          Map.entry("equiv", Comparison.EQUAL),
          Map.entry("in", Comparison.EQUAL));

  private static final Map<String, String> SET_OPERATIONS =
      Map.of("cup", "union", "cap", "intersection", "setminus", "difference");

  private static final Set<String> ACCENTS =
      Set.of("overline", "bar", "vec", "hat", "widehat", "overrightarrow", "tilde", "mathbf");

  private static final Pattern LONE_I = Pattern.compile("\\bi\\b");

  private static final Set<String> IGNORED = Set.of("left", "right", "displaystyle", "mathrm");

  /** Thrown where the text is none that this grammar has. */
  private static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unreadable(String message) {
      super(message, null, false, false);
    }
  }

  private final LatexTokens tokens;
  private final boolean loneI;
  private int depth;
  private int bars;

  private LatexParser(String text) {
    tokens = new LatexTokens(text);
    loneI = LONE_I.matcher(text).find();
  }

  /** The expression, or empty where the text is none that this grammar has. */
  static Optional<MathExpression> parse(String latex) {
    LatexParser parser = new LatexParser(latex);
    try {
      MathExpression whole = parser.answer();
      while (parser.tokens.takeSign(".")) {
        // A full stop after the formula.
      }
      return parser.tokens.peek().kind() == Kind.END ? Optional.of(whole) : Optional.empty();
    } catch (Unreadable unreadable) {
      return Optional.empty();
    }
  }

  private MathExpression answer() {
    List<MathExpression> items = new ArrayList<>();
    items.add(relation());
    while (tokens.takeSign(",") || tokens.takeSign(";")) {
      items.add(relation());
    }
    return items.size() == 1 ? items.getFirst() : new FiniteSet(items);
  }

  private MathExpression relation() {
    if (++depth > DEEPEST) {
      throw new Unreadable("nested too deep");
    }
    List<MathExpression> sides = new ArrayList<>();
    List<Comparison> operators = new ArrayList<>();
    sides.add(sets());
    Comparison operator = COMPARISONS.get(tokens.peek().text());
    while (operator != null && tokens.peek().kind() != Kind.LETTER) {
      tokens.take();
      operators.add(operator);
      sides.add(sets());
      operator = COMPARISONS.get(tokens.peek().text());
    }
    depth--;
    return operators.isEmpty() ? sides.getFirst() : new Relation(sides, operators);
  }

  private MathExpression sets() {
    MathExpression left = sum();
    String operation = setOperation();
    while (!operation.isEmpty()) {
      tokens.take();
      List<MathExpression> parts = new ArrayList<>();
      if (left instanceof SetOperation before && before.operation().equals(operation)) {
        parts.addAll(before.parts());
      } else {
        parts.add(left);
      }
      parts.add(sum());
      left = new SetOperation(operation, parts);
      operation = setOperation();
    }
    return left;
  }

  private String setOperation() {
    Token token = tokens.peek();
    return token.kind() == Kind.COMMAND ? SET_OPERATIONS.getOrDefault(token.text(), "") : "";
  }

  private MathExpression sum() {
    MathExpression left = term();
    List<MathExpression> terms = new ArrayList<>(List.of(left));
    while (true) {
      if (tokens.takeSign("+")) {
        terms.add(term());
      } else if (tokens.takeSign("-")) {
        terms.add(MathExpression.negative(term()));
      } else if (tokens.atCommand("pm") || tokens.atCommand("mp")) {
        boolean upper = tokens.take().text().equals("pm");
        MathExpression before = terms.size() == 1 ? terms.getFirst() : new Sum(List.copyOf(terms));
        MathExpression both = new PlusMinus(before, term(), upper);
        terms.clear();
        terms.add(both);
      } else {
        return terms.size() == 1 ? terms.getFirst() : new Sum(terms);
      }
    }
  }

  private MathExpression term() {
    List<MathExpression> factors = new ArrayList<>();
    factors.add(signed());
    while (true) {
      if (tokens.takeSign("*") || tokens.takeCommand("cdot") || tokens.takeCommand("times")) {
        factors.add(signed());
      } else if (tokens.takeSign("/") || tokens.takeCommand("div") || tokens.takeSign(":")) {
        factors.add(MathExpression.reciprocal(signed()));
      } else {
        return factors.size() == 1 ? factors.getFirst() : new Product(factors);
      }
    }
  }

  private MathExpression signed() {
    if (++depth > DEEPEST) {
      throw new Unreadable("nested too deep");
    }
    try {
      if (tokens.takeSign("+")) {
        return signed();
      }
      if (tokens.takeSign("-")) {
        return MathExpression.negative(signed());
      }
      if (tokens.takeCommand("pm")) {
        return new PlusMinus(MathExpression.whole(0), signed(), true);
      }
      return implicit(false);
    } finally {
      depth--;
    }
  }

  /** Factors side by side; without functions where this is the argument of one. */
  private MathExpression implicit(boolean argument) {
    List<MathExpression> factors = new ArrayList<>();
    factors.add(postfix());
    while (startsFactor() && !(argument && atFunction())) {
      MathExpression next = postfix();
      MathExpression first = factors.getFirst();
      if (factors.size() == 1 && mixed(first, next)) {
        factors.set(0, new Sum(List.of(first, next)));
      } else if (factors.size() == 1
          && next instanceof Percent percent
          && mixed(first, percent.value())) {
        factors.set(0, new Percent(new Sum(List.of(first, percent.value()))));
      } else {
        factors.add(next);
      }
    }
    return factors.size() == 1 ? factors.getFirst() : new Product(factors);
  }

  /** A whole number in front of a fraction of whole numbers, as in 1 4/5. */
  private static boolean mixed(MathExpression first, MathExpression second) {
    return first instanceof Literal whole
        && !whole.decimal()
        && second instanceof Application fraction
        && fraction.function().equals("frac")
        && fraction.arguments().stream()
            .allMatch(part -> part instanceof Literal number && !number.decimal());
  }

  private boolean atFunction() {
    return tokens.peek().kind() == Kind.COMMAND && FUNCTIONS.contains(tokens.peek().text());
  }

  private boolean startsFactor() {
    Token token = tokens.peek();
    return switch (token.kind()) {
      case NUMBER, LETTER -> true;
      case SIGN ->
          token.text().equals("(")
              || token.text().equals("{")
              || (token.text().equals("|") && bars == 0);
      case COMMAND ->
          !COMPARISONS.containsKey(token.text())
              && !SET_OPERATIONS.containsKey(token.text())
              && !Set.of(
                      "}", "cdot", "times", "div", "pm", "mp", "end", "rfloor", "rceil", "rvert",
                      "rangle", "%", "circ", "degree", "mid", "|", "mod", "bmod", "pmod", "to")
                  .contains(token.text());
      case ROW, END -> false;
    };
  }

  private MathExpression postfix() {
    MathExpression value = atom();
    while (true) {
      if (tokens.atSign("^")) {
        tokens.take();
        if (degrees()) {
          continue;
        }
        value = new Power(value, argument(true));
      } else if (tokens.takeSign("!")) {
        value = new Application("factorial", List.of(value));
      } else if (tokens.takeCommand("%") || tokens.takeSign("%")) {
        value = new Percent(value);
      } else if (tokens.takeCommand("circ")) {
        continue;
      } else if (tokens.atSign("_")) {
        tokens.take();
        String below = rawArgument();
        // The base of a number is not part of its value here.
        value = value instanceof Name name ? new Name(name.text() + "_" + below) : value;
      } else {
        return value;
      }
    }
  }

  private boolean degrees() {
    int place = tokens.place();
    boolean braced = tokens.takeSign("{");
    if (tokens.takeCommand("circ") && (!braced || tokens.takeSign("}"))) {
      return true;
    }
    tokens.returnTo(place);
    return false;
  }

  /**
   * What stands in braces, or one token.
   *
   * @param wholeNumber whether all digits of a number are meant, as people write 2^10, and not one
   *     only, as in \\frac12
   */
  private MathExpression argument(boolean wholeNumber) {
    if (tokens.takeSign("{")) {
      MathExpression value = answer();
      expect("}");
      return value;
    }
    if (tokens.takeSign("-")) {
      return MathExpression.negative(argument(wholeNumber));
    }
    if (tokens.peek().kind() == Kind.NUMBER && !wholeNumber) {
      return literal(tokens.takeArgument().text());
    }
    return atom();
  }

  private MathExpression fraction() {
    Token before = tokens.peek();
    MathExpression numerator = argument(false);
    boolean split = before.kind() == Kind.NUMBER && before.text().length() > 1;
    return new Application("frac", List.of(numerator, argument(split)));
  }

  /** The text of what stands in braces, or of one token. */
  private String rawArgument() {
    StringBuilder text = new StringBuilder();
    if (!tokens.takeSign("{")) {
      return tokens.takeArgument().text().toLowerCase(Locale.ROOT);
    }
    int open = 1;
    while (open > 0) {
      Token token = tokens.take();
      if (token.kind() == Kind.END) {
        throw new Unreadable("a brace is not closed");
      }
      open += token.is(Kind.SIGN, "{") ? 1 : token.is(Kind.SIGN, "}") ? -1 : 0;
      text.append(open > 0 ? token.text() : "");
    }
    return text.toString().toLowerCase(Locale.ROOT);
  }

  private void expect(String sign) {
    if (!tokens.takeSign(sign)) {
      throw new Unreadable("expected " + sign + ", found " + tokens.peek().text());
    }
  }

  private MathExpression atom() {
    if (++depth > DEEPEST) {
      throw new Unreadable("nested too deep");
    }
    try {
      Token token = tokens.take();
      return switch (token.kind()) {
        case NUMBER -> literal(token.text());
        case LETTER -> letter(token.text());
        case COMMAND -> command(token.text());
        case SIGN -> bracketed(token.text());
        case ROW, END -> throw new Unreadable("something is missing");
      };
    } finally {
      depth--;
    }
  }

  private static Literal literal(String text) {
    int repeating = text.indexOf("\\overline");
    if (repeating >= 0) {
      String period = text.substring(text.indexOf('{') + 1, text.length() - 1);
      String start = text.substring(0, repeating);
      BigFraction whole = start.equals(".") ? BigFraction.ZERO : Literal.of(start).value();
      int places = start.length() - start.indexOf('.') - 1;
      BigInteger nines = BigInteger.TEN.pow(period.length()).subtract(BigInteger.ONE);
      BigFraction tail =
          new BigFraction(new BigInteger(period), nines.multiply(BigInteger.TEN.pow(places)));
      return new Literal(whole.add(tail), false);
    }
    return Literal.of(text);
  }

  private MathExpression letter(String letter) {
    boolean function = letter.equals("f") || letter.equals("g") || letter.equals("h");
    if (function && tokens.atSign("(")) {
      tokens.take();
      return new Application(letter, listUntil(")"));
    }
    return switch (letter) {
      case "e" -> Constant.E;
      case "i" -> new Name(loneI ? Name.LONE_I : "i");
      default -> new Name(letter.toLowerCase(Locale.ROOT));
    };
  }

  private MathExpression bracketed(String sign) {
    return switch (sign) {
      case "(", "[" -> parenthesis(sign);
      case "{" -> {
        MathExpression value = answer();
        expect("}");
        yield value;
      }
      case "|" -> absolute("|");
      default -> throw new Unreadable("unexpected " + sign);
    };
  }

  private MathExpression parenthesis(String open) {
    int outerBars = bars;
    bars = 0;
    List<MathExpression> items = new ArrayList<>();
    items.add(relation());
    while (tokens.takeSign(",") || tokens.takeSign(";")) {
      items.add(relation());
    }
    bars = outerBars;
    boolean square = tokens.takeSign("]");
    if (!square) {
      expect(")");
    }
    if (items.size() == 1) {
      if (square || open.equals("[")) {
        return square && open.equals("[") ? items.getFirst() : mismatched();
      }
      return items.getFirst();
    }
    boolean brackets = square || open.equals("[");
    boolean ordered = items.size() == 2 && MathNumbers.less(items.get(0), items.get(1));
    return items.size() == 2 && (brackets || ordered)
        ? new Interval(items.get(0), open.equals("["), items.get(1), square)
        : new Tuple(items);
  }

  private static MathExpression mismatched() {
    throw new Unreadable("brackets do not match");
  }

  private MathExpression absolute(String close) {
    bars++;
    MathExpression inner = answer();
    bars--;
    if (!tokens.takeSign(close) && !tokens.takeCommand(close)) {
      throw new Unreadable("expected " + close);
    }
    return new Application("abs", List.of(inner));
  }

  private List<MathExpression> listUntil(String close) {
    List<MathExpression> items = new ArrayList<>();
    do {
      items.add(relation());
    } while (tokens.takeSign(",") || tokens.takeSign(";"));
    expect(close);
    return items;
  }

  private MathExpression command(String command) {
    if (FUNCTIONS.contains(command)) {
      return function(command);
    }
    if (ACCENTS.contains(command)) {
      return new Name(command + "{" + rawArgument() + "}");
    }
    if (IGNORED.contains(command)) {
      return atom();
    }
    return switch (command) {
      case "frac" -> fraction();
      case "binom" -> new Application("binomial", List.of(argument(false), argument(false)));
      case "sqrt" -> root();
      case "pi" -> Constant.PI;
      case "infty" -> Constant.INFINITY;
      case "emptyset", "varnothing" -> new FiniteSet(List.of());
      case "text", "operatorname" -> word();
      case "mathbb" -> numbers(rawArgument());
      case "{" -> set();
      case "lvert", "vert" -> absolute(command.equals("vert") ? "vert" : "rvert");
      case "lfloor" -> rounded("floor", "rfloor");
      case "lceil" -> rounded("ceiling", "rceil");
      case "begin" -> environment();
      case "sum",
          "int",
          "prod",
          "lim",
          "mid",
          "det",
          "end",
          "%",
          "|",
          "}",
          "cdots",
          "ldots",
          "degree" ->
          throw new Unreadable("unsupported " + command);
      default -> new Name(command.toLowerCase(Locale.ROOT));
    };
  }

  private MathExpression function(String name) {
    Optional<MathExpression> power = Optional.empty();
    Optional<MathExpression> base = Optional.empty();
    while (tokens.atSign("^") || tokens.atSign("_")) {
      if (tokens.take().text().equals("^")) {
        power = Optional.of(argument(true));
      } else {
        base = Optional.of(argument(false));
      }
    }
    List<MathExpression> arguments = new ArrayList<>();
    if (tokens.takeSign("(")) {
      arguments.addAll(listUntil(")"));
    } else if (startsFactor() || tokens.atSign("[")) {
      arguments.add(implicit(true));
    } else {
      throw new Unreadable(name + " has no argument");
    }
    boolean inverse =
        power.isPresent() && power.get().equals(MathExpression.whole(-1)) && !name.equals("log");
    base.ifPresent(arguments::add);
    MathExpression applied = new Application(inverse ? "arc" + name : name, arguments);
    return power.isEmpty() || inverse ? applied : new Power(applied, power.get());
  }

  private MathExpression root() {
    if (tokens.takeSign("[")) {
      MathExpression degree = answer();
      expect("]");
      return new Power(argument(false), MathExpression.reciprocal(degree));
    }
    return new Power(argument(false), new Literal(new BigFraction(1, 2), false));
  }

  /** A word is a name; its parentheses, as in (A), do not count. */
  private MathExpression word() {
    String text = rawArgument().replaceAll("[().\\s]", "");
    if (text.isEmpty()) {
      throw new Unreadable("an empty text");
    }
    return text.matches("\\d+(\\.\\d+)?") ? literal(text) : new Name(text);
  }

  private static MathExpression numbers(String letter) {
    return letter.equals("r")
        ? new Interval(MathExpression.negative(Constant.INFINITY), false, Constant.INFINITY, false)
        : new Name("mathbb{" + letter + "}");
  }

  private MathExpression set() {
    if (tokens.takeCommand("}")) {
      return new FiniteSet(List.of());
    }
    List<MathExpression> items = new ArrayList<>();
    do {
      items.add(relation());
    } while (tokens.takeSign(",") || tokens.takeSign(";"));
    if (!tokens.takeCommand("}")) {
      throw new Unreadable("a set is not closed");
    }
    return new FiniteSet(items);
  }

  private MathExpression rounded(String function, String close) {
    MathExpression inner = answer();
    if (!tokens.takeCommand(close)) {
      throw new Unreadable("expected " + close);
    }
    return new Application(function, List.of(inner));
  }

  private MathExpression environment() {
    String name = rawArgument();
    boolean matrix = name.endsWith("matrix") || name.equals("array");
    if (!matrix) {
      throw new Unreadable("unsupported environment " + name);
    }
    if (name.equals("array")) {
      rawArgument();
    }
    List<List<MathExpression>> rows = new ArrayList<>();
    List<MathExpression> row = new ArrayList<>();
    while (true) {
      row.add(relation());
      if (tokens.takeSign("&")) {
        continue;
      }
      rows.add(row);
      row = new ArrayList<>();
      boolean more = tokens.peek().kind() == Kind.ROW;
      if (more) {
        tokens.take();
      }
      if (tokens.takeCommand("end")) {
        rawArgument();
        break;
      }
      if (!more) {
        throw new Unreadable("a matrix is not closed");
      }
    }
    int width = rows.getFirst().size();
    if (rows.stream().anyMatch(cells -> cells.size() != width)) {
      throw new Unreadable("rows of different length");
    }
    Matrix value = new Matrix(rows);
    return name.equals("vmatrix") ? new Application("det", List.of(value)) : value;
  }
}
