package org.bitatlas.eval.math;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.bitatlas.eval.math.MathExpression.Application;
import org.bitatlas.eval.math.MathExpression.Constant;
import org.bitatlas.eval.math.MathExpression.Literal;
import org.bitatlas.eval.math.MathExpression.Name;
import org.bitatlas.eval.math.MathExpression.Percent;
import org.bitatlas.eval.math.MathExpression.PlusMinus;
import org.bitatlas.eval.math.MathExpression.Power;
import org.bitatlas.eval.math.MathExpression.Product;
import org.bitatlas.eval.math.MathExpression.Sum;
import org.hipparchus.complex.Complex;
import org.hipparchus.fraction.BigFraction;

/** Values of expressions: exact where they are rational, else complex numbers. */
final class MathNumbers {

  private static final int LARGEST_EXPONENT = 4096;
  private static final int LARGEST_FACTORIAL = 1000;
  private static final Complex NONE = Complex.NaN;

  private MathNumbers() {}

  /** The value of an expression without variables that is rational by exact arithmetic. */
  static Optional<BigFraction> exact(MathExpression expression) {
    return switch (expression) {
      case Literal literal -> Optional.of(literal.value());
      case Percent percent -> exact(percent.value()).map(value -> value.divide(100));
      case Sum sum -> {
        BigFraction total = BigFraction.ZERO;
        for (MathExpression term : sum.terms()) {
          Optional<BigFraction> value = exact(term);
          if (value.isEmpty()) {
            yield Optional.empty();
          }
          total = total.add(value.get());
        }
        yield Optional.of(total);
      }
      case Product product -> {
        BigFraction total = BigFraction.ONE;
        for (MathExpression factor : product.factors()) {
          Optional<BigFraction> value = exact(factor);
          if (value.isEmpty()) {
            yield Optional.empty();
          }
          total = total.multiply(value.get());
        }
        yield Optional.of(total);
      }
      case Power power -> power(exact(power.base()), exact(power.exponent()));
      case Application application -> applied(application);
      default -> Optional.empty();
    };
  }

  private static Optional<BigFraction> power(
      Optional<BigFraction> base, Optional<BigFraction> exponent) {
    if (base.isEmpty() || exponent.isEmpty() || !isWhole(exponent.get())) {
      return Optional.empty();
    }
    BigInteger power = exponent.get().getNumerator();
    boolean small = power.abs().compareTo(BigInteger.valueOf(LARGEST_EXPONENT)) <= 0;
    boolean pole = base.get().isZero() && power.signum() < 0;
    return small && !pole ? Optional.of(base.get().pow(power)) : Optional.empty();
  }

  private static Optional<BigFraction> applied(Application application) {
    List<Optional<BigFraction>> values =
        application.arguments().stream().map(MathNumbers::exact).toList();
    if (values.isEmpty() || values.stream().anyMatch(Optional::isEmpty)) {
      return Optional.empty();
    }
    BigFraction first = values.getFirst().orElseThrow();
    BigFraction last = values.getLast().orElseThrow();
    return switch (application.function()) {
      case "frac" -> last.isZero() ? Optional.empty() : Optional.of(first.divide(last));
      case "abs" -> Optional.of(first.abs());
      case "floor" -> Optional.of(floor(first));
      case "ceiling" -> Optional.of(floor(first.negate()).negate());
      case "factorial" -> factorial(first);
      case "binomial" -> binomial(first, last);
      case "gcd" -> whole(values, BigInteger::gcd);
      case "lcm" -> whole(values, (a, b) -> a.multiply(b).abs().divide(a.gcd(b)));
      case "max" -> values.stream().map(Optional::orElseThrow).max(BigFraction::compareTo);
      case "min" -> values.stream().map(Optional::orElseThrow).min(BigFraction::compareTo);
      default -> Optional.empty();
    };
  }

  private static BigFraction floor(BigFraction value) {
    BigInteger[] parts = value.getNumerator().divideAndRemainder(value.getDenominator());
    BigInteger floor = parts[1].signum() < 0 ? parts[0].subtract(BigInteger.ONE) : parts[0];
    return new BigFraction(floor, BigInteger.ONE);
  }

  private static Optional<BigFraction> factorial(BigFraction value) {
    boolean fits =
        isWhole(value)
            && value.getNumerator().signum() >= 0
            && value.getNumerator().compareTo(BigInteger.valueOf(LARGEST_FACTORIAL)) <= 0;
    return fits
        ? Optional.of(new BigFraction(falling(value.getNumerator().intValue(), 1), BigInteger.ONE))
        : Optional.empty();
  }

  /** n (n - 1) ... from. */
  private static BigInteger falling(int n, int from) {
    BigInteger product = BigInteger.ONE;
    for (int i = from; i <= n; i++) {
      product = product.multiply(BigInteger.valueOf(i));
    }
    return product;
  }

  private static Optional<BigFraction> binomial(BigFraction n, BigFraction k) {
    boolean fits =
        isWhole(n)
            && isWhole(k)
            && k.getNumerator().signum() >= 0
            && n.compareTo(k) >= 0
            && n.compareTo(new BigFraction(LARGEST_FACTORIAL)) <= 0;
    if (!fits) {
      return Optional.empty();
    }
    int all = n.getNumerator().intValue();
    int chosen = k.getNumerator().intValue();
    return Optional.of(new BigFraction(falling(all, all - chosen + 1), falling(chosen, 1)));
  }

  private static Optional<BigFraction> whole(
      List<Optional<BigFraction>> values, java.util.function.BinaryOperator<BigInteger> operator) {
    BigInteger total = values.getFirst().orElseThrow().getNumerator();
    for (Optional<BigFraction> value : values) {
      if (!isWhole(value.orElseThrow()) || value.orElseThrow().isZero()) {
        return Optional.empty();
      }
      total = operator.apply(total, value.orElseThrow().getNumerator());
    }
    return Optional.of(new BigFraction(total, BigInteger.ONE));
  }

  private static boolean isWhole(BigFraction value) {
    return value.getDenominator().equals(BigInteger.ONE);
  }

  /** Whether both are real numbers and the first is smaller. */
  static boolean less(MathExpression first, MathExpression second) {
    if (!names(first).isEmpty() || !names(second).isEmpty()) {
      return false;
    }
    Complex low = value(first, Map.of());
    Complex high = value(second, Map.of());
    return low.getImaginary() == 0 && high.getImaginary() == 0 && low.getReal() < high.getReal();
  }

  /** The variables of an expression. */
  static Set<String> names(MathExpression expression) {
    Set<String> names = new TreeSet<>();
    collect(expression, names);
    return names;
  }

  private static void collect(MathExpression expression, Set<String> names) {
    if (expression instanceof Name name) {
      names.add(name.text());
    }
    if (expression instanceof Application application && isUnknown(application)) {
      names.add(application.toString());
    }
    parts(expression).forEach(part -> collect(part, names));
  }

  /** f(x) of an f that is not known. */
  private static boolean isUnknown(Application application) {
    return Set.of("f", "g", "h").contains(application.function());
  }

  private static List<MathExpression> parts(MathExpression expression) {
    return switch (expression) {
      case Sum sum -> sum.terms();
      case Product product -> product.factors();
      case Power power -> List.of(power.base(), power.exponent());
      case Application application -> application.arguments();
      case Percent percent -> List.of(percent.value());
      case PlusMinus both -> List.of(both.value(), both.change());
      default -> List.of();
    };
  }

  /**
   * The value where the variables have the given values; NaN where there is none.
   *
   * @param names value of each variable
   */
  static Complex value(MathExpression expression, Map<String, Complex> names) {
    return switch (expression) {
      case Literal literal -> new Complex(literal.value().doubleValue());
      case Constant constant ->
          switch (constant) {
            case PI -> new Complex(Math.PI);
            case E -> new Complex(Math.E);
            case INFINITY -> new Complex(Double.POSITIVE_INFINITY);
          };
      case Name name -> names.getOrDefault(name.text(), NONE);
      case Percent percent -> value(percent.value(), names).divide(100);
      case Sum sum -> {
        Complex total = Complex.ZERO;
        for (MathExpression term : sum.terms()) {
          total = total.add(value(term, names));
        }
        yield total;
      }
      case Product product -> product(product, names);
      case Power power -> power(power, names);
      case Application application -> applied(application, names);
      default -> NONE;
    };
  }

  /** Infinity times a real number keeps its sign, which complex multiplication would lose. */
  private static Complex product(Product product, Map<String, Complex> names) {
    Complex total = Complex.ONE;
    boolean real = true;
    double realTotal = 1;
    for (MathExpression factor : product.factors()) {
      Complex value = value(factor, names);
      real &= value.getImaginary() == 0;
      realTotal *= value.getReal();
      total = total.multiply(value);
    }
    return real ? new Complex(realTotal) : total;
  }

  private static Complex power(Power power, Map<String, Complex> names) {
    Complex base = value(power.base(), names);
    Optional<BigFraction> whole = exact(power.exponent()).filter(MathNumbers::isWhole);
    if (whole.isPresent() && whole.get().abs().compareTo(new BigFraction(64)) <= 0) {
      int exponent = whole.get().getNumerator().intValue();
      Complex result = Complex.ONE;
      for (int i = 0; i < Math.abs(exponent); i++) {
        result = result.multiply(base);
      }
      return exponent < 0 ? result.reciprocal() : result;
    }
    if (base.isZero()) {
      return Complex.ZERO;
    }
    return base.pow(value(power.exponent(), names));
  }

  private static Complex applied(Application application, Map<String, Complex> names) {
    if (isUnknown(application)) {
      return names.getOrDefault(application.toString(), NONE);
    }
    Optional<BigFraction> exact = applied(application);
    if (exact.isPresent()) {
      return new Complex(exact.get().doubleValue());
    }
    List<Complex> values =
        application.arguments().stream().map(argument -> value(argument, names)).toList();
    Complex x = values.getFirst();
    Complex y = values.getLast();
    return switch (application.function()) {
      case "frac" -> x.divide(y);
      case "abs" -> new Complex(x.norm());
      case "sin" -> x.sin();
      case "cos" -> x.cos();
      case "tan" -> x.tan();
      case "cot" -> x.tan().reciprocal();
      case "sec" -> x.cos().reciprocal();
      case "csc" -> x.sin().reciprocal();
      case "arcsin" -> x.asin();
      case "arccos" -> x.acos();
      case "arctan" -> x.atan();
      case "sinh", "arcsinh" -> application.function().equals("sinh") ? x.sinh() : x.asinh();
      case "cosh" -> x.cosh();
      case "tanh" -> x.tanh();
      case "exp" -> x.exp();
      case "ln" -> x.log();
      case "lg" -> x.log().divide(Math.log(10));
      case "log" -> values.size() == 2 ? x.log().divide(y.log()) : x.log().divide(Math.log(10));
      case "floor" -> new Complex(Math.floor(x.getReal()));
      case "ceiling" -> new Complex(Math.ceil(x.getReal()));
      default -> NONE;
    };
  }
}
