package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.model.Phase;
import org.bitatlas.study.SpeedRecord;
import org.bitatlas.study.findings.Finding.Evidence;
import org.bitatlas.study.map.Check.Answer;
import org.bitatlas.study.map.MapSpeed;

/** Rounding activations as they come takes a part of the prefill that matters. */
final class DynamicQuantizationShare {
  private static final double MUCH = 0.05;
  private static final Claim CLAIM =
      new Claim(
          "dynamic-quantization-share",
          "2602.17693",
          "Dynamic quantization takes more than 5 % of the time of a W8A8 prefill",
          "Mean over the rounds of the time in which activations are rounded, over the whole"
              + " prefill, with Student's one-sided 95 % bounds. Yes: the lower bound is above 5 %"
              + " for every model and machine. No: an upper bound is below. Measured on the machine"
              + " named, never predicted.");

  private DynamicQuantizationShare() {}

  static Finding of(List<MapSpeed> speeds) {
    if (speeds.isEmpty()) {
      return CLAIM.without("measured speeds: speed: with scheme w8a8 in the study's file");
    }
    List<Evidence> evidence = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (SpeedGroup group : SpeedGroup.of(speeds)) {
      Optional<MapSpeed> scheme = group.scheme(SpeedGroup.SCHEME);
      if (scheme.isEmpty() || scheme.get().rounds().size() < RoundMean.LEAST) {
        missing.add(group.subject() + ": " + RoundMean.LEAST + " rounds of " + SpeedGroup.SCHEME);
        continue;
      }
      Evidence part = part(group, scheme.get());
      evidence.add(part);
      if (part.answer() == Answer.NOT_ENOUGH_DATA) {
        missing.add(part.subject() + ": more rounds, or a quieter machine");
      }
    }
    boolean no = evidence.stream().anyMatch(part -> part.answer() == Answer.NO);
    Answer answer =
        no
            ? Answer.NO
            : evidence.isEmpty() || !missing.isEmpty() ? Answer.NOT_ENOUGH_DATA : Answer.YES;
    return CLAIM.answered(
        answer,
        evidence.isEmpty()
            ? "No share of it was measured."
            : Words.listed(
                    evidence.stream().map(part -> part.subject() + ": " + part.figures()).toList())
                + ".",
        evidence,
        missing);
  }

  private static Evidence part(SpeedGroup group, MapSpeed scheme) {
    double[] whole = scheme.measure(SpeedRecord.PREFILL);
    double[] shares =
        scheme.measure(
            SpeedRecord.PREFILL_PHASE + Phase.QUANTIZATION.name().toLowerCase(Locale.ROOT));
    for (int i = 0; i < shares.length; i++) {
      shares[i] /= whole[i];
    }
    RoundMean share = RoundMean.of(shares);
    List<String> records = new ArrayList<>(List.of(scheme.record().key()));
    String without = "";
    Optional<MapSpeed> base = group.fastestFloat();
    if (base.isPresent()) {
      records.add(base.get().record().key());
      double[] ratios = SpeedGroup.prefillRatios(base.get(), scheme);
      if (ratios.length >= RoundMean.LEAST) {
        double ratio = RoundMean.ofRatios(ratios).mean();
        without =
            Words.format(
                "; %.2f times as fast as %s with it, %.2f without",
                ratio, base.get().scheme(), ratio / (1 - share.mean()));
      }
    }
    return new Evidence(
        scheme.scheme() + " on " + group.subject(),
        share.low() > MUCH ? Answer.YES : share.high() < MUCH ? Answer.NO : Answer.NOT_ENOUGH_DATA,
        Words.format(
            "%.1f %% of the prefill, one-sided bounds %.1f and %.1f %%, %d rounds%s",
            100 * share.mean(), 100 * share.low(), 100 * share.high(), share.rounds(), without),
        List.copyOf(records));
  }
}
