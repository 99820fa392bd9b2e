package org.bitatlas.study.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitatlas.study.CalibrationSpec;
import org.bitatlas.study.Origin;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/**
 * What was run, where and when.
 *
 * @param lines names and values, in reading order
 */
record RunFacts(SequencedMap<String, String> lines) {

  static RunFacts of(AccuracyMap map) {
    List<RunRecord> records =
        map.cells().stream()
            .flatMap(List::stream)
            .map(MapCell::record)
            .flatMap(Optional::stream)
            .toList();
    SequencedMap<String, String> lines = new LinkedHashMap<>();
    lines.put(
        "Model",
        map.rows().stream().map(MapRow::model).distinct().collect(Collectors.joining(", ")));
    put(lines, "Weights", distinct(records, record -> shortened(record, "weights")));
    put(lines, "Tokenizer", distinct(records, record -> shortened(record, "tokenizer")));
    put(lines, "Precision", distinct(records, record -> input(record, "precision")));
    put(lines, "Platform", distinct(records, record -> input(record, "platform")));
    put(
        lines,
        "Imported",
        distinct(records, record -> Origin.isImported(record) ? input(record, Origin.INPUT) : ""));
    put(lines, "Device", distinct(records, record -> input(record, "device")));
    put(lines, "Numerics", distinct(records, record -> input(record, "numerics")));
    put(lines, "Kernels", distinct(records, record -> input(record, "kernels")));
    put(
        lines,
        "Execution",
        distinct(records, record -> record.execution().replaceAll("\\s+", " ")));
    CalibrationSpec calibration = map.spec().calibration();
    boolean several =
        records.stream()
                .map(record -> input(record, "calibration"))
                .filter(digest -> !digest.isEmpty())
                .distinct()
                .count()
            > 1;
    if (!map.rows().stream().allMatch(row -> row.isFloat() || row.isCheckpoint())) {
      lines.put(
          "Calibration",
          calibration.words() + (several ? "; rows that name other texts have those" : ""));
    }
    put(lines, "Grid", distinct(records, record -> input(record, "recipe.grid")));
    put(lines, "Decoding", distinct(records, record -> input(record, "sampling")));
    put(lines, "Early stop", distinct(records, record -> input(record, "collapse")));
    lines.put(
        "Margin", Figures.format("%.1f points, chosen beforehand", map.spec().margin().points()));
    if (map.spec().limit().isPresent()) {
      lines.put("Limit", map.spec().limit().text());
    }
    put(
        lines,
        "Machine",
        distinct(
            records,
            record ->
                Origin.isForeign(record)
                    ? ""
                    : record.provenance().getOrDefault("processor", "unknown processor")
                        + ", "
                        + record.provenance().getOrDefault("cores", "?")
                        + " cores, "
                        + record.provenance().getOrDefault("system", "?")
                        + ", Java "
                        + record.provenance().getOrDefault("java", "?")));
    put(lines, "Commit", distinct(records, r -> r.provenance().getOrDefault("commit", "")));
    put(lines, "Measured", period(records));
    lines.put(
        "Cells",
        records.size()
            + " of "
            + map.cells().stream().mapToInt(List::size).sum()
            + ", "
            + records.stream().mapToLong(RunRecord::items).sum()
            + " items, "
            + Figures.seconds(records.stream().mapToDouble(RunRecord::seconds).sum())
            + " of evaluation");
    return new RunFacts(lines);
  }

  private static void put(Map<String, String> lines, String name, String value) {
    if (!value.isBlank()) {
      lines.put(name, value);
    }
  }

  private static String distinct(
      List<RunRecord> records, java.util.function.Function<RunRecord, String> value) {
    return records.stream()
        .map(value)
        .filter(text -> !text.isBlank())
        .distinct()
        .collect(Collectors.joining("; "));
  }

  private static String input(RunRecord record, String name) {
    return record.inputs().getOrDefault(name, "");
  }

  private static String shortened(RunRecord record, String name) {
    String digest = input(record, name);
    return digest.length() > 16 ? "sha256 " + digest.substring(0, 16) + "…" : digest;
  }

  private static String period(List<RunRecord> records) {
    SequencedSet<String> times = new TreeSet<>();
    records.stream()
        .filter(record -> !Origin.isImported(record))
        .forEach(record -> {
          String time = record.provenance().getOrDefault("time", "");
          if (!time.isEmpty()) {
            times.add(time.replace('T', ' ').replace("Z", " UTC"));
          }
        });
    if (times.isEmpty()) {
      return "";
    }
    return times.size() == 1 ? times.getFirst() : times.getFirst() + " to " + times.getLast();
  }
}
