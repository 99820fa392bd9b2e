package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.bitatlas.eval.CollapseMark;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * How replies go wrong, against float's replies to the same items.
 *
 * @param items items both answered
 * @param same replies that are float's letter for letter
 * @param broken items float has right and this model has wrong
 * @param repaired items float has wrong and this model has right
 * @param failures of the broken ones, how many went wrong how
 * @param lostByChance of the broken ones that neither loop nor stay unclosed, in how many the
 *     answer of another item stands just so, on average: {@link ReplyPair.Failure#LOST} says
 *     something only beyond that; NaN where it was not looked for
 * @param token median index of the token at which broken replies leave float's; empty without a
 *     tokenizer
 * @param divergence median of where broken replies leave float's, as a share of its length; NaN
 *     where nothing broke
 * @param examples broken items: of each way to go wrong the one in the middle by where it leaves
 *     float's reply, the commonest way first; then the others, those that leave it first in front
 */
public record ReplyBreakdown(
    int items,
    int same,
    int broken,
    int repaired,
    Map<ReplyPair.Failure, Integer> failures,
    double lostByChance,
    OptionalInt token,
    double divergence,
    List<ReplyPair> examples) {

  private static final int OTHERS = 64;

  /** Empty where the two have no replies to the same items. */
  static Optional<ReplyBreakdown> of(
      List<SampleRecord> floats,
      List<SampleRecord> samples,
      Optional<Tokenizer> tokenizer,
      int examples) {
    Map<String, SampleRecord> exact = new HashMap<>();
    floats.forEach(sample -> exact.put(item(sample), sample));
    List<ReplyPair> pairs = new ArrayList<>();
    for (SampleRecord sample : samples) {
      SampleRecord other = exact.get(item(sample));
      if (other != null && sample.generatedTokens() > 0 && other.generatedTokens() > 0) {
        pairs.add(ReplyPair.of(other, sample, tokenizer));
      }
    }
    return pairs.isEmpty() ? Optional.empty() : Optional.of(of(pairs, examples));
  }

  private static ReplyBreakdown of(List<ReplyPair> pairs, int examples) {
    Map<ReplyPair.Failure, Integer> failures = new EnumMap<>(ReplyPair.Failure.class);
    List<ReplyPair> broken = new ArrayList<>();
    int same = 0;
    int repaired = 0;
    for (ReplyPair pair : pairs) {
      same += pair.exact().output().equals(pair.found().output()) ? 1 : 0;
      repaired += !pair.exact().correct() && pair.found().correct() ? 1 : 0;
      if (pair.how() != ReplyPair.Failure.NONE) {
        failures.merge(pair.how(), 1, Integer::sum);
        broken.add(pair);
      }
    }
    broken.sort(
        Comparator.comparingDouble(ReplyPair::divergenceShare)
            .thenComparingInt(pair -> pair.found().index()));
    return new ReplyBreakdown(
        pairs.size(),
        same,
        broken.size(),
        repaired,
        failures,
        lostByChance(pairs, broken),
        medianToken(broken),
        broken.isEmpty() ? Double.NaN : broken.get(broken.size() / 2).divergenceShare(),
        typical(broken, examples));
  }

  /** The same with other examples. */
  ReplyBreakdown with(List<ReplyPair> others) {
    return new ReplyBreakdown(
        items,
        same,
        broken,
        repaired,
        failures,
        lostByChance,
        token,
        divergence,
        List.copyOf(others));
  }

  private static OptionalInt medianToken(List<ReplyPair> broken) {
    int[] places =
        broken.stream()
            .flatMap(pair -> pair.token().stream())
            .mapToInt(FirstToken::index)
            .sorted()
            .toArray();
    return places.length == 0 ? OptionalInt.empty() : OptionalInt.of(places[places.length / 2]);
  }

  private static double lostByChance(List<ReplyPair> pairs, List<ReplyPair> broken) {
    List<ReplyPair> looked =
        broken.stream()
            .filter(pair -> pair.maybeLost() && CollapseMark.traced(pair.found()))
            .toList();
    if (looked.isEmpty() || pairs.size() < 2) {
      return Double.NaN;
    }
    int step = Math.max(1, pairs.size() / OTHERS);
    double expected = 0;
    for (ReplyPair pair : looked) {
      int asked = 0;
      int stands = 0;
      for (int i = 0; i < pairs.size(); i += step) {
        SampleRecord other = pairs.get(i).found();
        if (other.index() != pair.found().index()) {
          asked++;
          stands += CollapseMark.stands(pair.found().output(), other.expected()) ? 1 : 0;
        }
      }
      expected += asked == 0 ? 0 : (double) stands / asked;
    }
    return expected;
  }

  /** The median of each way to fail, the commonest first; then those that part first. */
  private static List<ReplyPair> typical(List<ReplyPair> broken, int examples) {
    Map<ReplyPair.Failure, List<ReplyPair>> ways = new EnumMap<>(ReplyPair.Failure.class);
    broken.forEach(pair -> ways.computeIfAbsent(pair.how(), _ -> new ArrayList<>()).add(pair));
    Set<ReplyPair> chosen = new LinkedHashSet<>();
    ways.values().stream()
        .sorted(Comparator.comparingInt(List<ReplyPair>::size).reversed())
        .forEach(way -> chosen.add(way.get(way.size() / 2)));
    chosen.addAll(broken);
    return chosen.stream().limit(examples).toList();
  }

  private static String item(SampleRecord sample) {
    return sample.index() + "/" + sample.repetition() + "/" + sample.promptDigest();
  }
}
