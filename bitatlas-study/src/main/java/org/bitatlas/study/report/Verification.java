package org.bitatlas.study.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RecordDigest;
import org.bitatlas.study.RecordKey;
import org.bitatlas.study.Reproduction;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Whether the report and the records of a folder belong together: every record is what its key and
 * its samples say, its digest is the one in the report, and the report is what the records give
 * when it is drawn again.
 *
 * @param records records that were checked
 * @param files files of the report that were drawn again
 * @param problems what does not belong together, each a sentence that names it
 * @param notes what a reader should know, though nothing was changed
 */
public record Verification(int records, int files, List<String> problems, List<String> notes) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final double ROUNDING = 1e-9;
  private static final int LISTED = 5;

  /** Whether nothing was found. */
  public boolean holds() {
    return problems.isEmpty();
  }

  /**
   * Verifies a folder.
   *
   * @throws BitAtlasException when it has no records or no {@code map.json}
   */
  public static Verification of(Path folder) {
    Path json = folder.resolve("map.json");
    if (!Files.isRegularFile(folder.resolve(RunStore.FILE)) || !Files.isRegularFile(json)) {
      throw new BitAtlasException(
          "The folder %s does not hold both records (%s) and a report (map.json); give the --out folder of a study."
              .formatted(folder, RunStore.FILE));
    }
    List<String> problems = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    try (RunStore store = RunStore.open(folder)) {
      List<RunRecord> records = store.records();
      Map<String, String> digests = new LinkedHashMap<>();
      for (RunRecord record : records) {
        List<SampleRecord> samples = store.samples(record.key());
        digests.put(record.key(), RecordDigest.of(record, samples));
        problems.addAll(problems(record, samples));
      }
      String text = read(json);
      JsonNode report = parsed(json, text);
      problems.addAll(digests(report, digests));
      int files = drawn(folder, store, report, text, records, problems, notes);
      return new Verification(records.size(), files, List.copyOf(problems), List.copyOf(notes));
    }
  }

  /** What a record says of itself that is not so. */
  private static List<String> problems(RunRecord record, List<SampleRecord> samples) {
    List<String> problems = new ArrayList<>();
    String name = name(record);
    if (!RecordKey.of(record.inputs()).equals(record.key())) {
      problems.add(name + ": its inputs are not those of its key; the record was changed.");
    }
    if (samples.isEmpty()) {
      return problems;
    }
    long correct = samples.stream().filter(SampleRecord::correct).count();
    if (record.metric() == Metric.ACCURACY
        && (correct != record.correct() || samples.size() != record.items())) {
      problems.add(
          "%s: it says %d of %d right, its samples say %d of %d."
              .formatted(name, record.correct(), record.items(), correct, samples.size()));
    }
    double primary = primary(record, samples);
    // Without a number from the samples there is nothing to hold against it, and no difference.
    if (record.state() == CellState.OK
        && Math.abs(primary - record.primary()) > ROUNDING * Math.max(1, Math.abs(primary))) {
      problems.add(
          "%s: its number is %s, its samples give %s.".formatted(name, record.primary(), primary));
    }
    return problems;
  }

  /** The number that the samples give; NaN where they alone do not. */
  private static double primary(RunRecord record, List<SampleRecord> samples) {
    if (record.metric() == Metric.ACCURACY) {
      return samples.stream().mapToDouble(sample -> sample.correct() ? 1 : 0).sum()
          / samples.size();
    }
    return Double.NaN;
  }

  private static List<String> digests(JsonNode report, Map<String, String> digests) {
    List<String> problems = new ArrayList<>();
    for (JsonNode speed : report.path("speeds")) {
      String key = speed.path("key").stringValue("");
      if (!speed.path("digest").stringValue("").equals(digests.get(key))) {
        problems.add(
            "Record %s (speed of %s) is not the one that map.json was drawn from."
                .formatted(shortened(key), speed.path("scheme").stringValue("")));
      }
    }
    for (JsonNode cell : report.path("cells")) {
      String key = cell.path("key").stringValue("");
      String told = cell.path("digest").stringValue("");
      if (!told.isEmpty() && !digests.containsKey(key)) {
        problems.add("map.json rests on the record " + shortened(key) + ", which is not there.");
      } else if (!told.isEmpty() && !told.equals(digests.get(key))) {
        problems.add(
            "Record "
                + shortened(key)
                + " (row "
                + cell.path("row")
                + ", column "
                + cell.path("column")
                + " of map.json) is not the one that map.json was drawn from.");
      }
    }
    return problems;
  }

  /** Draws the report again and compares it; returns the number of files. */
  private static int drawn(
      Path folder,
      RunStore store,
      JsonNode report,
      String text,
      List<RunRecord> records,
      List<String> problems,
      List<String> notes) {
    String specification = report.path("specification").stringValue("");
    if (specification.isEmpty()) {
      problems.add("map.json was written by an older version; draw it again with bitatlas map.");
      return 0;
    }
    StudySpec spec = StudySpec.parse("map.json", specification);
    AccuracyMap map = AccuracyMap.of(store, spec);
    Conclusions conclusions = Conclusions.of(map);
    String again = JsonReport.of(map, conclusions);
    if (!again.equals(text)) {
      List<String> places = new ArrayList<>();
      differences("", report, JSON.readTree(again), places);
      problems.add(
          "map.json is not what the records give: "
              + (places.isEmpty()
                  ? "its text was changed"
                  : String.join("; ", places.subList(0, Math.min(LISTED, places.size())))
                      + (places.size() > LISTED
                          ? "; and " + (places.size() - LISTED) + " more"
                          : ""))
              + ".");
    }
    int files = 1;
    files += drawn(folder.resolve("map.md"), MarkdownReport.of(map, conclusions), problems);
    files += drawn(folder.resolve("map.html"), HtmlReport.of(map, conclusions), problems);
    margins(spec, records, notes);
    return files;
  }

  private static int drawn(Path file, String again, List<String> problems) {
    if (!Files.isRegularFile(file)) {
      return 0;
    }
    List<String> told = read(file).lines().toList();
    List<String> drawn = again.lines().toList();
    for (int i = 0; i < Math.max(told.size(), drawn.size()); i++) {
      String here = i < told.size() ? told.get(i) : "";
      String there = i < drawn.size() ? drawn.get(i) : "";
      if (!here.equals(there)) {
        problems.add(
            "%s is not what the records give, from line %d on: %s"
                .formatted(file.getFileName(), i + 1, excerpt(here, there)));
        return 1;
      }
    }
    return 1;
  }

  /** What two lines say where they part. */
  private static String excerpt(String told, String drawn) {
    int from = 0;
    while (from < Math.min(told.length(), drawn.length())
        && told.charAt(from) == drawn.charAt(from)) {
      from++;
    }
    return "it says '%s', the records give '%s'.".formatted(part(told, from), part(drawn, from));
  }

  private static String part(String line, int from) {
    int start = Math.max(0, from - 20);
    return line.substring(start, Math.min(line.length(), from + 30)).strip();
  }

  /** A margin chosen after the records were made is told, though a map may be drawn by any. */
  private static void margins(StudySpec spec, List<RunRecord> records, List<String> notes) {
    TreeSet<String> before = new TreeSet<>();
    for (RunRecord record : records) {
      String study = record.provenance().getOrDefault(Reproduction.STUDY, "");
      if (!study.isEmpty()) {
        before.add(StudySpec.parse(name(record), study).margin().words());
      }
    }
    before.remove(spec.margin().words());
    if (!before.isEmpty()) {
      notes.add(
          "The report compares by %s, but records were made for %s."
              .formatted(spec.margin().words(), String.join(" and ", before)));
    }
  }

  /** Paths at which two trees differ, with both values. */
  private static void differences(String path, JsonNode told, JsonNode drawn, List<String> places) {
    if (told.equals(drawn)) {
      return;
    }
    if (told.isObject() && drawn.isObject()) {
      TreeSet<String> names = new TreeSet<>(told.propertyNames());
      names.addAll(drawn.propertyNames());
      for (String name : names) {
        differences(path + "/" + name, told.path(name), drawn.path(name), places);
      }
    } else if (told.isArray() && drawn.isArray() && told.size() == drawn.size()) {
      for (int i = 0; i < told.size(); i++) {
        differences(path + "/" + i, told.get(i), drawn.get(i), places);
      }
    } else {
      places.add("%s says %s, the records give %s".formatted(path, brief(told), brief(drawn)));
    }
  }

  private static String brief(JsonNode node) {
    String text = node.isMissingNode() ? "nothing" : node.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }

  private static String name(RunRecord record) {
    return "Record %s (%s on %s)"
        .formatted(shortened(record.key()), record.recipe(), record.column().label());
  }

  private static String shortened(String key) {
    return FindingView.shortened(key);
  }

  private static JsonNode parsed(Path file, String text) {
    try {
      return JSON.readTree(text);
    } catch (JacksonException e) {
      throw new BitAtlasException(
          file + " is not JSON: it was changed; draw it again with bitatlas map.", e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BitAtlasException("The report " + file + " cannot be read: " + e + ".", e);
    }
  }
}
