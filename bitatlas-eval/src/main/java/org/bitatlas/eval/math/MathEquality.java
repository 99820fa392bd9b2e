package org.bitatlas.eval.math;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import org.bitatlas.eval.math.MathExpression.Application;
import org.bitatlas.eval.math.MathExpression.Comparison;
import org.bitatlas.eval.math.MathExpression.Constant;
import org.bitatlas.eval.math.MathExpression.FiniteSet;
import org.bitatlas.eval.math.MathExpression.Interval;
import org.bitatlas.eval.math.MathExpression.Literal;
import org.bitatlas.eval.math.MathExpression.Matrix;
import org.bitatlas.eval.math.MathExpression.Name;
import org.bitatlas.eval.math.MathExpression.Percent;
import org.bitatlas.eval.math.MathExpression.Product;
import org.bitatlas.eval.math.MathExpression.Relation;
import org.bitatlas.eval.math.MathExpression.SetOperation;
import org.bitatlas.eval.math.MathExpression.Sum;
import org.bitatlas.eval.math.MathExpression.Tuple;
import org.hipparchus.complex.Complex;
import org.hipparchus.fraction.BigFraction;

/**
 * Whether an answer equals the expected one, by the rules of Math-Verify: the expected answer says
 * what kind of thing is wanted. Numbers are compared exactly; where one is written with a decimal
 * point, both are rounded to {@value #PLACES} places; all else is compared numerically, with
 * variables at seeded points.
 */
final class MathEquality {

  /** Decimal places that count. */
  static final int PLACES = 6;

  private static final int POINTS = 8;
  private static final int NEEDED = 3;
  private static final double TOLERANCE = 1e-10;

  private MathEquality() {}

  static boolean equal(MathExpression wanted, MathExpression given) {
    MathExpression gold = shortened(wanted);
    MathExpression answer = shortened(given);
    // x = 5 answers 5, and 5 answers x = 5; but y = 5 does not answer x = 5.
    if (isEquation(answer) && !isEquation(gold)) {
      answer = right(answer);
    } else if (isAssignment(gold) && !isEquation(answer)) {
      gold = right(gold);
    }
    gold = PlusMinusExpansion.of(gold);
    answer = PlusMinusExpansion.of(answer);
    if (gold instanceof Relation relation && isSet(answer)) {
      Optional<MathExpression> solutions = Solutions.of(relation);
      gold = solutions.isPresent() ? solutions.get() : gold;
    }
    if (gold.equals(answer)) {
      return true;
    }
    if (gold instanceof Relation one && answer instanceof Relation other) {
      return equalRelations(one, other);
    }
    if (isSet(gold) || isSet(answer) || gold instanceof Tuple || answer instanceof Tuple) {
      return equalSets(gold, answer);
    }
    if (gold instanceof Name || answer instanceof Name) {
      return equalWords(gold, answer);
    }
    if (gold instanceof Matrix one && answer instanceof Matrix other) {
      return equalMatrices(one, other);
    }
    return equalNumbers(gold, answer);
  }

  /** A chain a = b = ... = c that begins with a name says a = c. */
  private static MathExpression shortened(MathExpression expression) {
    if (expression instanceof Relation relation
        && isAssignment(relation)
        && relation.sides().size() > 2) {
      return new Relation(
          List.of(relation.sides().getFirst(), relation.sides().getLast()),
          List.of(Comparison.EQUAL));
    }
    return expression;
  }

  private static boolean isEquation(MathExpression expression) {
    return expression instanceof Relation relation
        && relation.operators().stream().allMatch(operator -> operator == Comparison.EQUAL);
  }

  private static boolean isAssignment(MathExpression expression) {
    return isEquation(expression)
        && expression instanceof Relation relation
        && isNames(relation.sides().getFirst());
  }

  /** A name, a product of names, f(x), or (x, y). */
  private static boolean isNames(MathExpression expression) {
    return switch (expression) {
      case Name _ -> true;
      case Constant constant -> constant == Constant.E;
      case Product product -> product.factors().stream().allMatch(MathEquality::isNames);
      case Application application -> application.function().length() == 1;
      case Tuple tuple -> tuple.items().stream().allMatch(MathEquality::isNames);
      default -> false;
    };
  }

  private static MathExpression right(MathExpression equation) {
    return ((Relation) equation).sides().getLast();
  }

  private static boolean isSet(MathExpression expression) {
    return expression instanceof FiniteSet
        || expression instanceof Interval
        || expression instanceof SetOperation;
  }

  // Relations

  private static boolean equalRelations(Relation gold, Relation answer) {
    if (gold.operators().size() != answer.operators().size()) {
      return false;
    }
    if (gold.operators().size() == 1) {
      return equalSingle(gold, answer);
    }
    boolean equal = true;
    for (int i = 0; equal && i < gold.operators().size(); i++) {
      equal = equalSingle(link(gold, i), link(answer, i));
    }
    return equal;
  }

  private static Relation link(Relation chain, int index) {
    return new Relation(
        chain.sides().subList(index, index + 2), List.of(chain.operators().get(index)));
  }

  /** The differences of the sides are the same; in equations up to a factor. */
  private static boolean equalSingle(Relation gold, Relation answer) {
    Comparison one = gold.operators().getFirst();
    Comparison other = answer.operators().getFirst();
    boolean anySign = one == Comparison.EQUAL || one == Comparison.NOT_EQUAL;
    boolean same = one == other;
    boolean flipped = one.flipped() == other;
    if (!same && !flipped) {
      return false;
    }
    if (gold.sides().stream().anyMatch(MathEquality::isSet)
        || answer.sides().stream().anyMatch(MathEquality::isSet)) {
      return equal(gold.sides().getFirst(), answer.sides().getFirst())
          && equal(gold.sides().getLast(), answer.sides().getLast());
    }
    double ratio = ratio(difference(gold), difference(answer));
    return anySign ? ratio != 0 : same && isNear(ratio, 1) || flipped && isNear(ratio, -1);
  }

  private static boolean isNear(double ratio, double wanted) {
    return Math.abs(ratio - wanted) < TOLERANCE;
  }

  private static MathExpression difference(Relation relation) {
    return new Sum(
        List.of(relation.sides().getFirst(), MathExpression.negative(relation.sides().getLast())));
  }

  /** The constant c with gold = c answer at all points; 0 where there is none. */
  private static double ratio(MathExpression gold, MathExpression answer) {
    Set<String> names = new TreeSet<>(MathNumbers.names(gold));
    if (!names.equals(MathNumbers.names(answer))) {
      return 0;
    }
    Complex ratio = Complex.NaN;
    int seen = 0;
    for (Map<String, Complex> point : points(names)) {
      Complex here = MathNumbers.value(gold, point).divide(MathNumbers.value(answer, point));
      if (here.isNaN() || here.isInfinite()) {
        continue;
      }
      if (seen > 0 && !close(here, ratio)) {
        return 0;
      }
      ratio = here;
      seen++;
    }
    boolean enough = seen >= (names.isEmpty() ? 1 : NEEDED);
    return enough && Math.abs(ratio.getImaginary()) < TOLERANCE ? ratio.getReal() : 0;
  }

  // Sets and tuples

  private static boolean equalSets(MathExpression gold, MathExpression answer) {
    if (gold instanceof Interval one && answer instanceof Interval other) {
      return one.lowClosed() == other.lowClosed()
          && one.highClosed() == other.highClosed()
          && equal(one.low(), other.low())
          && equal(one.high(), other.high());
    }
    if (gold instanceof SetOperation one && answer instanceof SetOperation other) {
      boolean ordered = one.operation().equals("difference");
      return one.operation().equals(other.operation())
          && (ordered
              ? inOrder(one.parts(), other.parts())
              : matched(one.parts(), other.parts(), MathEquality::equal));
    }
    if (gold instanceof SetOperation || answer instanceof SetOperation) {
      return false;
    }
    Optional<List<MathExpression>> wanted = items(gold);
    Optional<List<MathExpression>> given = items(answer);
    if (wanted.isEmpty() || given.isEmpty()) {
      return false;
    }
    boolean unordered =
        gold instanceof FiniteSet || !(gold instanceof Tuple || gold instanceof Interval);
    return unordered
        ? matched(distinct(wanted.get()), distinct(given.get()), MathEquality::equal)
        : inOrder(wanted.get(), given.get());
  }

  /** (a, b) may be meant as a point: an open interval stands for its ends. */
  private static Optional<List<MathExpression>> items(MathExpression expression) {
    return switch (expression) {
      case FiniteSet set -> Optional.of(set.items());
      case Tuple tuple -> Optional.of(tuple.items());
      case Interval interval ->
          interval.lowClosed() || interval.highClosed()
              ? Optional.empty()
              : Optional.of(List.of(interval.low(), interval.high()));
      default -> Optional.of(List.of(expression));
    };
  }

  private static List<MathExpression> distinct(List<MathExpression> items) {
    List<MathExpression> distinct = new ArrayList<>();
    for (MathExpression item : items) {
      if (distinct.stream().noneMatch(other -> equal(other, item))) {
        distinct.add(item);
      }
    }
    return distinct;
  }

  private static boolean inOrder(List<MathExpression> wanted, List<MathExpression> given) {
    boolean equal = wanted.size() == given.size();
    for (int i = 0; equal && i < wanted.size(); i++) {
      equal = equal(wanted.get(i), given.get(i));
    }
    return equal;
  }

  private static boolean matched(
      List<MathExpression> wanted,
      List<MathExpression> given,
      BiPredicate<MathExpression, MathExpression> same) {
    List<MathExpression> left = new ArrayList<>(given);
    for (MathExpression item : wanted) {
      Optional<MathExpression> match =
          left.stream().filter(other -> same.test(item, other)).findFirst();
      if (match.isEmpty()) {
        return false;
      }
      left.remove(match.get());
    }
    return left.isEmpty();
  }

  // Words

  /** A word in \text{...} equals the same letters side by side. */
  private static boolean equalWords(MathExpression gold, MathExpression answer) {
    Optional<String> wanted = letters(gold);
    return wanted.isPresent() && wanted.equals(letters(answer));
  }

  private static Optional<String> letters(MathExpression expression) {
    return switch (expression) {
      case Name name -> Optional.of(name.letters());
      case Constant constant -> constant == Constant.E ? Optional.of("e") : Optional.empty();
      case Product product -> {
        StringBuilder all = new StringBuilder();
        for (MathExpression factor : product.factors()) {
          Optional<String> letter = letters(factor);
          if (letter.isEmpty()) {
            yield Optional.empty();
          }
          all.append(letter.get());
        }
        yield Optional.of(all.toString());
      }
      default -> Optional.empty();
    };
  }

  // Numbers

  private static boolean equalMatrices(Matrix gold, Matrix answer) {
    boolean equal = gold.rows().size() == answer.rows().size();
    for (int row = 0; equal && row < gold.rows().size(); row++) {
      equal = inOrder(gold.rows().get(row), answer.rows().get(row));
    }
    return equal;
  }

  private static boolean equalNumbers(MathExpression gold, MathExpression answer) {
    Optional<BigFraction> wanted = MathNumbers.exact(gold);
    Optional<BigFraction> given = MathNumbers.exact(answer);
    boolean rounded = isDecimal(gold) || isDecimal(answer);
    if (wanted.isPresent() && given.isPresent()) {
      // 1/3 may be given as 0.333333, but 3 not as 3.0000001.
      boolean whole = isWhole(wanted.get()) || isWhole(given.get());
      return wanted.get().equals(given.get())
          || rounded && !whole && round(wanted.get()).equals(round(given.get()));
    }
    if (gold == Constant.INFINITY || answer == Constant.INFINITY) {
      return gold == answer;
    }
    if (rounded && MathNumbers.names(gold).isEmpty() && MathNumbers.names(answer).isEmpty()) {
      Complex one = MathNumbers.value(gold, Map.of());
      Complex other = MathNumbers.value(answer, Map.of());
      return one.isFinite()
          && other.isFinite()
          && round(one.getReal()).equals(round(other.getReal()))
          && round(one.getImaginary()).equals(round(other.getImaginary()));
    }
    return equalAtPoints(gold, answer);
  }

  private static boolean isWhole(BigFraction value) {
    return value.getDenominator().equals(BigInteger.ONE);
  }

  private static boolean isDecimal(MathExpression expression) {
    return expression instanceof Literal literal && literal.decimal()
        || expression instanceof Percent percent && isDecimal(percent.value());
  }

  private static BigDecimal round(BigFraction value) {
    return value
        .bigDecimalValue(PLACES + 30, RoundingMode.HALF_EVEN)
        .setScale(PLACES, RoundingMode.HALF_EVEN);
  }

  private static BigDecimal round(double value) {
    return new BigDecimal(value).setScale(PLACES, RoundingMode.HALF_EVEN);
  }

  private static boolean equalAtPoints(MathExpression gold, MathExpression answer) {
    Set<String> names = new TreeSet<>(MathNumbers.names(gold));
    names.addAll(MathNumbers.names(answer));
    int seen = 0;
    for (Map<String, Complex> point : points(names)) {
      Complex one = MathNumbers.value(gold, point);
      Complex other = MathNumbers.value(answer, point);
      if (one.isNaN() != other.isNaN()) {
        return false;
      }
      if (one.isNaN() || one.isInfinite() || other.isInfinite()) {
        if (one.isInfinite() != other.isInfinite()
            || one.isInfinite() && one.getReal() != other.getReal()) {
          return false;
        }
        seen += one.isInfinite() ? 1 : 0;
        continue;
      }
      if (!close(one, other)) {
        return false;
      }
      seen++;
    }
    return seen >= (names.isEmpty() ? 1 : NEEDED);
  }

  private static boolean close(Complex one, Complex other) {
    double scale = Math.max(one.norm(), other.norm());
    return one.subtract(other).norm() <= TOLERANCE * Math.max(scale, 1e-3);
  }

  /** The same points for the same names, on both sides of 0; one empty point for no names. */
  private static List<Map<String, Complex>> points(Set<String> names) {
    SplittableRandom random = new SplittableRandom(20_26);
    List<Map<String, Complex>> points = new ArrayList<>();
    for (int i = 0; i < (names.isEmpty() ? 1 : POINTS); i++) {
      Map<String, Complex> point = new LinkedHashMap<>();
      for (String name : names) {
        double size = 0.3 + 2.5 * random.nextDouble();
        point.put(name, new Complex(random.nextBoolean() ? size : -size));
      }
      points.add(point);
    }
    return points;
  }
}
