package org.bitatlas.eval.math;

import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.math.MathExpression.Comparison;
import org.bitatlas.eval.math.MathExpression.Constant;
import org.bitatlas.eval.math.MathExpression.FiniteSet;
import org.bitatlas.eval.math.MathExpression.Interval;
import org.bitatlas.eval.math.MathExpression.Name;
import org.bitatlas.eval.math.MathExpression.Relation;
import org.bitatlas.eval.math.MathExpression.SetOperation;

/**
 * The numbers for which a relation holds that says where one variable lies, as in 1 &lt; x &lt; 2.
 */
final class Solutions {

  private static final MathExpression LOWEST = MathExpression.negative(Constant.INFINITY);

  private Solutions() {}

  static Optional<MathExpression> of(Relation relation) {
    List<MathExpression> sides = relation.sides();
    List<Comparison> operators = relation.operators();
    if (sides.size() == 2 && sides.getFirst() instanceof Name) {
      return single(operators.getFirst(), sides.getLast());
    }
    if (sides.size() == 2 && sides.getLast() instanceof Name) {
      return single(operators.getFirst().flipped(), sides.getFirst());
    }
    if (sides.size() == 3 && sides.get(1) instanceof Name) {
      return between(sides.getFirst(), operators.getFirst(), operators.getLast(), sides.getLast());
    }
    return Optional.empty();
  }

  private static Optional<MathExpression> single(Comparison comparison, MathExpression bound) {
    return Optional.of(
        switch (comparison) {
          case EQUAL -> new FiniteSet(List.of(bound));
          case NOT_EQUAL ->
              new SetOperation(
                  "union",
                  List.of(
                      new Interval(LOWEST, false, bound, false),
                      new Interval(bound, false, Constant.INFINITY, false)));
          case LESS -> new Interval(LOWEST, false, bound, false);
          case LESS_OR_EQUAL -> new Interval(LOWEST, false, bound, true);
          case GREATER -> new Interval(bound, false, Constant.INFINITY, false);
          case GREATER_OR_EQUAL -> new Interval(bound, true, Constant.INFINITY, false);
        });
  }

  private static Optional<MathExpression> between(
      MathExpression left, Comparison first, Comparison second, MathExpression right) {
    if (isLess(first) && isLess(second)) {
      return Optional.of(
          new Interval(
              left, first == Comparison.LESS_OR_EQUAL, right, second == Comparison.LESS_OR_EQUAL));
    }
    if (isLess(first.flipped()) && isLess(second.flipped())) {
      return between(right, second.flipped(), first.flipped(), left);
    }
    return Optional.empty();
  }

  private static boolean isLess(Comparison comparison) {
    return comparison == Comparison.LESS || comparison == Comparison.LESS_OR_EQUAL;
  }
}
