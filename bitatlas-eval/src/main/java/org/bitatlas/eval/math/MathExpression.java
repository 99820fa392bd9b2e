package org.bitatlas.eval.math;

import java.math.BigInteger;
import java.util.List;
import org.hipparchus.fraction.BigFraction;

/** An answer as mathematics. Lists are never changed. */
public sealed interface MathExpression {

  /**
   * A number.
   *
   * @param value exactly what is written
   * @param decimal whether it is written with a decimal point, so that it may be rounded
   */
  record Literal(BigFraction value, boolean decimal) implements MathExpression {

    /** The number that digits say, with a sign and a decimal point or without. */
    static Literal of(String digits) {
      int point = digits.indexOf('.');
      if (point < 0) {
        return new Literal(new BigFraction(new BigInteger(digits), BigInteger.ONE), false);
      }
      String all = digits.substring(0, point) + digits.substring(point + 1);
      BigInteger numerator = all.isEmpty() ? BigInteger.ZERO : new BigInteger(all);
      BigInteger denominator = BigInteger.TEN.pow(digits.length() - point - 1);
      return new Literal(new BigFraction(numerator, denominator), true);
    }
  }

  /** A variable, or a word; in lower case. */
  record Name(String text) implements MathExpression {

    /**
     * The letter i in a formula that has it alone, as in 2 - 3 i and not as in 2 - 3i. Math-Verify
     * takes both for names, never for the imaginary unit, and takes them for different ones.
     */
    static final String LONE_I = "i alone";

    /** The letters as they are written. */
    String letters() {
      return text.equals(LONE_I) ? "i" : text;
    }
  }

  /** Numbers with a name. */
  enum Constant implements MathExpression {
    PI,
    E,
    INFINITY
  }

  /** a + b + ... */
  record Sum(List<MathExpression> terms) implements MathExpression {}

  /** a b ... */
  record Product(List<MathExpression> factors) implements MathExpression {}

  /** base ^ exponent. */
  record Power(MathExpression base, MathExpression exponent) implements MathExpression {}

  /** value + change and value - change; {@code upper} says which comes first. */
  record PlusMinus(MathExpression value, MathExpression change, boolean upper)
      implements MathExpression {}

  /** A function by name, for example {@code sin}, {@code log} (argument, base) or {@code f}. */
  record Application(String function, List<MathExpression> arguments) implements MathExpression {}

  /** value / 100. */
  record Percent(MathExpression value) implements MathExpression {}

  /** Values in an order. */
  record Tuple(List<MathExpression> items) implements MathExpression {}

  /** Values without an order. */
  record FiniteSet(List<MathExpression> items) implements MathExpression {}

  /** All numbers from one to another. */
  record Interval(MathExpression low, boolean lowClosed, MathExpression high, boolean highClosed)
      implements MathExpression {}

  /** Parts joined by {@code union}, {@code intersection} or {@code difference}. */
  record SetOperation(String operation, List<MathExpression> parts) implements MathExpression {}

  /** Rows of equal length. */
  record Matrix(List<List<MathExpression>> rows) implements MathExpression {}

  /** Comparisons. */
  enum Comparison {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL;

    Comparison flipped() {
      return switch (this) {
        case EQUAL -> EQUAL;
        case NOT_EQUAL -> NOT_EQUAL;
        case LESS -> GREATER;
        case LESS_OR_EQUAL -> GREATER_OR_EQUAL;
        case GREATER -> LESS;
        case GREATER_OR_EQUAL -> LESS_OR_EQUAL;
      };
    }
  }

  /** sides[0] operators[0] sides[1] operators[1] ... */
  record Relation(List<MathExpression> sides, List<Comparison> operators)
      implements MathExpression {}

  /** A whole number. */
  static Literal whole(long value) {
    return new Literal(new BigFraction(value), false);
  }

  /** -value. */
  static MathExpression negative(MathExpression value) {
    return value instanceof Literal number
        ? new Literal(number.value().negate(), number.decimal())
        : new Product(List.of(whole(-1), value));
  }

  /** 1 / value. */
  static MathExpression reciprocal(MathExpression value) {
    return new Power(value, whole(-1));
  }
}
