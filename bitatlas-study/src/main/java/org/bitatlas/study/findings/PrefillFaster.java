package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.study.findings.Finding.Evidence;
import org.bitatlas.study.map.Check.Answer;
import org.bitatlas.study.map.MapSpeed;

/** 8-bit weights and activations read a prompt faster than float does. */
final class PrefillFaster {
  private static final Claim CLAIM =
      new Claim(
          "prefill-faster",
          "2512.23367",
          "W8A8 reads a prompt faster than float (1.5 times on an Atlas A2)",
          "Geometric mean over the rounds of float's prefill time over that of W8A8 in the same"
              + " round, with Student's one-sided 95 % bounds of the logarithms. Yes: the lower"
              + " bound is above 1 for every model and machine. No: an upper bound is below 1."
              + " Measured on the machine named, never predicted.");

  private PrefillFaster() {}

  static Finding of(List<MapSpeed> speeds) {
    if (speeds.isEmpty()) {
      return CLAIM.without(
          "measured speeds: speed: with schemes bf16 and w8a8 in the study's file");
    }
    List<Evidence> evidence = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    List<String> sentences = new ArrayList<>();
    for (SpeedGroup group : SpeedGroup.of(speeds)) {
      Optional<MapSpeed> base = group.fastestFloat();
      Optional<MapSpeed> scheme = group.scheme(SpeedGroup.SCHEME);
      if (base.isEmpty() || scheme.isEmpty()) {
        missing.add(
            group.subject() + ": " + (base.isEmpty() ? "a float scheme" : SpeedGroup.SCHEME));
        continue;
      }
      int rounds = SpeedGroup.prefillRatios(base.get(), scheme.get()).length;
      if (rounds < RoundMean.LEAST) {
        missing.add(group.subject() + ": " + RoundMean.LEAST + " rounds in place of " + rounds);
        continue;
      }
      Evidence part = part(group, base.get(), scheme.get());
      evidence.add(part);
      sentences.add(part.subject() + ": " + part.figures());
      if (part.answer() == Answer.NOT_ENOUGH_DATA) {
        missing.add(group.subject() + ": more rounds, or a quieter machine");
      }
      others(group, base.get(), evidence);
    }
    return CLAIM.answered(
        answer(evidence, missing),
        sentences.isEmpty() ? "No speed of both was measured." : Words.listed(sentences) + ".",
        evidence,
        missing);
  }

  private static Answer answer(List<Evidence> evidence, List<String> missing) {
    List<Evidence> deciding =
        evidence.stream()
            .filter(part -> part.subject().startsWith(SpeedGroup.SCHEME + " "))
            .toList();
    if (deciding.stream().anyMatch(part -> part.answer() == Answer.NO)) {
      return Answer.NO;
    }
    return deciding.isEmpty() || !missing.isEmpty() ? Answer.NOT_ENOUGH_DATA : Answer.YES;
  }

  private static Evidence part(SpeedGroup group, MapSpeed base, MapSpeed scheme) {
    RoundMean ratio = RoundMean.ofRatios(SpeedGroup.prefillRatios(base, scheme));
    return new Evidence(
        scheme.scheme() + " on " + group.subject(),
        ratio.low() > 1 ? Answer.YES : ratio.high() < 1 ? Answer.NO : Answer.NOT_ENOUGH_DATA,
        Words.format(
            "%.2f times as fast as %s, one-sided bounds %.2f and %.2f, %d rounds (%.0f and %.0f"
                + " tokens/s, measured)",
            ratio.mean(),
            base.scheme(),
            ratio.low(),
            ratio.high(),
            ratio.rounds(),
            scheme.metric("prefill_tokens_per_second"),
            base.metric("prefill_tokens_per_second")),
        List.of(base.record().key(), scheme.record().key()));
  }

  /** The other low-bit schemes stand beside it; they do not decide. */
  private static void others(SpeedGroup group, MapSpeed base, List<Evidence> evidence) {
    for (MapSpeed speed : group.speeds()) {
      boolean known = speed.isFloat() || speed.scheme().equals(SpeedGroup.SCHEME);
      if (!known && SpeedGroup.prefillRatios(base, speed).length >= RoundMean.LEAST) {
        evidence.add(part(group, base, speed));
      }
    }
  }
}
