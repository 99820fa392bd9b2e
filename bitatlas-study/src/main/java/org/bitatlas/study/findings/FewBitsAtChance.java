package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.InformativeRule;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.ClusteredError;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.findings.Finding.Evidence;
import org.bitatlas.study.map.Check.Answer;
import org.bitatlas.study.map.MapCell;

/** Most settings of two bits, or of one, answer as by chance. */
final class FewBitsAtChance {
  private static final double NEAR = InformativeRule.DEFAULT.marginOverChance();

  private final Claim claim;
  private final List<Evidence> evidence = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  private FewBitsAtChance(Claim claim) {
    this.claim = claim;
  }

  /** Asks it of the settings of a width of weights: 2, or 1 for binary ones. */
  static Finding of(int bits, List<Setting> all) {
    String name = bits == 1 ? "Binary" : bits + "-bit";
    Claim claim =
        new Claim(
            bits == 1 ? "binary-at-chance" : "two-bits-at-chance",
            "2606.21257",
            name + " weights answer as by chance in most cells",
            Words.format(
                "Interval of every cell's accuracy (Wilson, clustered), at 95 %% for all of them"
                    + " together (Bonferroni). Near chance: its upper end is less than %.0f points"
                    + " above guessing, or the cell collapsed or was not finite. Above: its lower"
                    + " end is more. Yes: more than half of the cells near chance. No: at least"
                    + " half above. Only tasks that float answers well above chance.",
                100 * NEAR));
    List<Setting> settings = all.stream().filter(setting -> setting.isWeightOnly(bits)).toList();
    return settings.isEmpty()
        ? claim.without(
            "a row of "
                + (bits == 1 ? "binary" : bits + "-bit")
                + " weights and float inputs, such as {method: "
                + (bits == 1 ? "billm" : "gptq")
                + ", bits: "
                + bits
                + "}")
        : new FewBitsAtChance(claim).answer(settings);
  }

  /** A cell of a setting. */
  private record Place(Setting setting, int column) {
    MapCell cell() {
      return setting.cell(column);
    }
  }

  private Finding answer(List<Setting> settings) {
    List<Place> places =
        settings.stream()
            .flatMap(setting -> setting.informative().stream().map(c -> new Place(setting, c)))
            .toList();
    List<Place> measured =
        places.stream()
            .filter(place -> place.cell().state() == CellState.OK || Setting.isBroken(place.cell()))
            .toList();
    Stream.of(places)
        .flatMap(List::stream)
        .filter(place -> !measured.contains(place))
        .forEach(place ->
            missing.add(place.setting().on(place.column()) + ": " + place.cell().reason()));
    measured.forEach(place -> evidence.add(part(place, 1 - Findings.LEVEL / measured.size())));
    if (places.isEmpty()) {
      missing.add("a task that float answers well above chance");
    }
    return conclude(settings, places.size());
  }

  private static Evidence part(Place place, double confidence) {
    MapCell cell = place.cell();
    RunRecord record = cell.record().orElseThrow();
    String subject = place.setting().on(place.column());
    List<String> keys = place.setting().records(place.column());
    if (Setting.isBroken(cell)) {
      return new Evidence(subject, Answer.YES, cell.state() + ": " + cell.reason(), keys);
    }
    List<SampleRecord> samples = cell.samples();
    Interval interval =
        ClusteredError.ofShare(
            samples.stream().mapToDouble(sample -> sample.correct() ? 1 : 0).toArray(),
            Clusters.of(samples.stream().map(SampleRecord::unit).toList()),
            confidence);
    double edge = record.chance() + NEAR;
    Answer answer =
        interval.high() < edge
            ? Answer.YES
            : interval.low() > edge ? Answer.NO : Answer.NOT_ENOUGH_DATA;
    return new Evidence(
        subject,
        answer,
        Words.format(
            "%.1f %% [%.1f, %.1f], chance %.1f %%, float %.1f %%, %d items",
            100 * record.primary(),
            100 * interval.low(),
            100 * interval.high(),
            100 * record.chance(),
            100 * place.setting().floats().get(place.column()).value().orElse(Double.NaN),
            record.items()),
        keys);
  }

  private Finding conclude(List<Setting> settings, int cells) {
    List<Evidence> near = Claim.parts(evidence, Answer.YES);
    List<Evidence> above = Claim.parts(evidence, Answer.NO);
    List<Evidence> open = Claim.parts(evidence, Answer.NOT_ENOUGH_DATA);
    open.forEach(part -> missing.add(part.subject() + ": more items (" + part.figures() + ")"));
    Answer answer =
        2 * near.size() > cells
            ? Answer.YES
            : cells > 0 && 2 * above.size() >= cells ? Answer.NO : Answer.NOT_ENOUGH_DATA;
    return claim.answered(
        answer,
        Words.format(
            "Of %s of %s (%s) %d are near chance, %d well above it, %d between or not measured.",
            Words.count(cells, "cell"),
            Words.count(settings.size(), "setting"),
            Words.listed(settings.stream().map(Setting::name).toList()),
            near.size(),
            above.size(),
            cells - near.size() - above.size()),
        evidence,
        missing);
  }
}
