package org.bitatlas.eval.math;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bitatlas.eval.math.MathExpression.Application;
import org.bitatlas.eval.math.MathExpression.FiniteSet;
import org.bitatlas.eval.math.MathExpression.Percent;
import org.bitatlas.eval.math.MathExpression.PlusMinus;
import org.bitatlas.eval.math.MathExpression.Power;
import org.bitatlas.eval.math.MathExpression.Product;
import org.bitatlas.eval.math.MathExpression.Sum;

/** Replaces a value with plus or minus in it by the set of both values. */
final class PlusMinusExpansion {

  private PlusMinusExpansion() {}

  static MathExpression of(MathExpression expression) {
    if (expression instanceof FiniteSet set) {
      List<MathExpression> items = new ArrayList<>();
      for (MathExpression item : set.items()) {
        MathExpression expanded = of(item);
        if (expanded instanceof FiniteSet both && !(item instanceof FiniteSet)) {
          items.addAll(both.items());
        } else {
          items.add(expanded);
        }
      }
      return new FiniteSet(items);
    }
    MathExpression upper = chosen(expression, true);
    MathExpression lower = chosen(expression, false);
    return upper.equals(lower) ? expression : new FiniteSet(List.of(upper, lower));
  }

  private static MathExpression chosen(MathExpression expression, boolean upper) {
    UnaryOperator<MathExpression> again = part -> chosen(part, upper);
    return switch (expression) {
      case PlusMinus both -> {
        MathExpression change = again.apply(both.change());
        yield new Sum(
            List.of(
                again.apply(both.value()),
                upper == both.upper() ? change : MathExpression.negative(change)));
      }
      case Sum sum -> new Sum(sum.terms().stream().map(again).toList());
      case Product product -> new Product(product.factors().stream().map(again).toList());
      case Power power -> new Power(again.apply(power.base()), again.apply(power.exponent()));
      case Percent percent -> new Percent(again.apply(percent.value()));
      case Application application ->
          new Application(
              application.function(), application.arguments().stream().map(again).toList());
      default -> expression;
    };
  }
}
