package org.bitatlas.study.platform;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.study.Origin;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RecordKey;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyRecipe;

/**
 * Brings records of several stores together. A key says what was computed, not where; so records of
 * another platform get the platform as an input of their key and stand in rows of their own, beside
 * the float model of the first store and compared with it item by item. Records of the platform of
 * the first store fill its own rows.
 */
public final class RecordMerge {
  private final RunStore out;
  private final Map<String, Integer> merged = new LinkedHashMap<>();
  private final List<PlannedCell> plan = new ArrayList<>();
  private String home = "";

  /** A merge into a store. */
  public RecordMerge(RunStore out) {
    this.out = out;
  }

  /** Adds a store; the first one is the home of the map. Returns the platforms of its records. */
  public List<String> add(RunStore store) {
    Map<String, PlannedCell> planned = new HashMap<>();
    store.plan().forEach(cell -> planned.put(cell.key(), cell));
    if (home.isEmpty()) {
      home =
          store.plan().stream()
              .map(PlannedCell::key)
              .flatMap(key -> store.record(key).stream())
              .map(Platform::of)
              .findFirst()
              .orElse("");
    }
    List<String> platforms = new ArrayList<>();
    for (RunRecord record : store.records()) {
      String platform = Platform.of(record);
      boolean foreign = Origin.isForeign(record);
      boolean again = record.inputs().containsKey(StudyRecipe.AGAIN_INPUT);
      if (foreign || platform.equals(home)) {
        keep(store, record);
        layers(store, record);
      } else if (planned.containsKey(record.key()) && !again) {
        RunRecord elsewhere = elsewhere(record, platform);
        out.put(elsewhere, store.samples(record.key()));
      } else {
        continue;
      }
      platforms.add(platform);
      merged.merge(platform, 1, Integer::sum);
    }
    for (PlannedCell cell : store.plan()) {
      boolean ours =
          store.record(cell.key()).map(Platform::of).map(home::equals).orElse(plan.isEmpty());
      if (ours && plan.stream().noneMatch(known -> known.key().equals(cell.key()))) {
        plan.add(cell);
      }
    }
    out.putPlan(byRow(plan));
    return platforms.stream().distinct().toList();
  }

  /** Records by platform, the home first. */
  public Map<String, Integer> records() {
    return Map.copyOf(merged);
  }

  /** Cells of one row stand together, rows in the order of their first cell. */
  private static List<PlannedCell> byRow(List<PlannedCell> cells) {
    Map<String, List<PlannedCell>> rows = new LinkedHashMap<>();
    for (PlannedCell cell : cells) {
      rows.computeIfAbsent(cell.model() + "\n" + cell.recipe(), _ -> new ArrayList<>()).add(cell);
    }
    return rows.values().stream().flatMap(List::stream).toList();
  }

  private void layers(RunStore store, RunRecord record) {
    if (!record.quantizationKey().isEmpty()
        && out.layerReports(record.quantizationKey()).isEmpty()) {
      out.putLayerReports(record.quantizationKey(), store.layerReports(record.quantizationKey()));
    }
  }

  /** A final record is not replaced by one that is not. */
  private void keep(RunStore store, RunRecord record) {
    if (out.record(record.key()).filter(RunRecord::isFinal).isEmpty()) {
      out.put(record, store.samples(record.key()));
    }
  }

  private static RunRecord elsewhere(RunRecord record, String platform) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>(record.inputs());
    inputs.put(Origin.INPUT, Origin.MERGED);
    inputs.put(Platform.INPUT, platform);
    inputs.put(Platform.RECIPE_INPUT, record.recipe());
    SequencedMap<String, String> provenance = new LinkedHashMap<>(record.provenance());
    provenance.put("key before merging", record.key());
    return new RunRecord(
        RecordKey.of(inputs),
        inputs,
        record.model(),
        record.recipe() + " [" + platform + "]",
        StudyRecipe.MERGED_METHOD,
        record.bits(),
        record.task(),
        record.mode(),
        record.metric(),
        record.state(),
        record.reason(),
        record.primary(),
        record.items(),
        record.plannedItems(),
        record.correct(),
        record.chance(),
        record.metrics(),
        record.seconds(),
        record.generatedTokens(),
        record.size(),
        record.execution(),
        record.notes(),
        "",
        provenance,
        record.decoding());
  }
}
