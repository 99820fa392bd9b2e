package org.bitatlas.format.support;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A version of a serving stack: numbers such as 0.26.0rc1, or the development branch {@code main},
 * which comes after all of them.
 *
 * @param numbers major, minor and so on; empty for main
 * @param candidate number of the release candidate; {@link #RELEASED} for a release
 */
public record StackVersion(List<Integer> numbers, int candidate)
    implements Comparable<StackVersion> {

  /** Not a release candidate: later than every candidate of the same numbers. */
  public static final int RELEASED = Integer.MAX_VALUE;

  /** The development branch. */
  public static final StackVersion MAIN = new StackVersion(List.of(), RELEASED);

  private static final Pattern SHAPE =
      Pattern.compile("v?(\\d{1,6}(?:\\.\\d{1,6}){0,3})(?:\\.?rc(\\d{1,6})?)?(?:\\.?post\\d+)?");

  /** Copies the numbers. */
  public StackVersion {
    numbers = List.copyOf(numbers);
  }

  /**
   * Reads a version: {@code main}, or numbers with an optional {@code v} in front and {@code rc1}
   * behind.
   *
   * @throws BitAtlasException when it is neither
   */
  public static StackVersion of(String text) {
    if (text.strip().equals("main")) {
      return MAIN;
    }
    Matcher matcher = SHAPE.matcher(text.strip());
    if (!matcher.matches()) {
      throw new BitAtlasException(
          "'%s' is not a version; give numbers such as 0.26.0 or 0.26.0rc1, or main."
              .formatted(text));
    }
    List<Integer> numbers = new ArrayList<>();
    for (String number : matcher.group(1).split("\\.")) {
      numbers.add(Integer.valueOf(number));
    }
    if (!text.contains("rc")) {
      return new StackVersion(numbers, RELEASED);
    }
    String candidate = matcher.group(2);
    return new StackVersion(numbers, candidate == null ? 0 : Integer.parseInt(candidate));
  }

  /** Whether this is the development branch. */
  public boolean isMain() {
    return numbers.isEmpty();
  }

  /** Missing numbers count as 0, so 0.26 and 0.26.0 are the same. */
  @Override
  public int compareTo(StackVersion other) {
    if (isMain() || other.isMain()) {
      return Boolean.compare(isMain(), other.isMain());
    }
    for (int i = 0; i < Math.max(numbers.size(), other.numbers.size()); i++) {
      int order = Integer.compare(number(i), other.number(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(candidate, other.candidate);
  }

  /** Whether all numbers that {@code series} names are this version's: 0.26.3rc1 is in 0.26. */
  boolean isIn(StackVersion series) {
    for (int i = 0; i < series.numbers.size(); i++) {
      if (number(i) != series.numbers.get(i)) {
        return false;
      }
    }
    return !isMain();
  }

  private int number(int index) {
    return index < numbers.size() ? numbers.get(index) : 0;
  }

  @Override
  public String toString() {
    if (isMain()) {
      return "main";
    }
    String joined = String.join(".", numbers.stream().map(String::valueOf).toList());
    return candidate == RELEASED ? joined : joined + "rc" + candidate;
  }
}
