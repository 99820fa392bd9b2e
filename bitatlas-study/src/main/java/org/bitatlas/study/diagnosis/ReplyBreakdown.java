package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;

/**
 * How replies go wrong, against float's replies to the same items.
 *
 * @param items items both answered
 * @param same replies that are float's letter for letter
 * @param broken items float has right and this model has wrong
 * @param repaired items float has wrong and this model has right
 * @param failures of the broken ones, how many went wrong how
 * @param divergence median of where broken replies leave float's, as a share of its length; NaN
 *     where nothing broke
 * @param examples broken items, those that leave float's reply first before the others
 */
public record ReplyBreakdown(
    int items,
    int same,
    int broken,
    int repaired,
    Map<ReplyPair.Failure, Integer> failures,
    double divergence,
    List<ReplyPair> examples) {

  /** Empty where the two have no replies to the same items. */
  static Optional<ReplyBreakdown> of(
      List<SampleRecord> floats, List<SampleRecord> samples, int examples) {
    Map<String, SampleRecord> exact = new HashMap<>();
    floats.forEach(sample -> exact.put(item(sample), sample));
    List<ReplyPair> pairs = new ArrayList<>();
    for (SampleRecord sample : samples) {
      SampleRecord other = exact.get(item(sample));
      if (other != null && sample.generatedTokens() > 0 && other.generatedTokens() > 0) {
        pairs.add(ReplyPair.of(other, sample));
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
        broken.isEmpty() ? Double.NaN : broken.get(broken.size() / 2).divergenceShare(),
        List.copyOf(broken.subList(0, Math.min(examples, broken.size()))));
  }

  private static String item(SampleRecord sample) {
    return sample.index() + "/" + sample.repetition() + "/" + sample.promptDigest();
  }
}
