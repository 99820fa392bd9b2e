package org.bitatlas.study.report;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.Gzip;
import org.bitatlas.study.Metric;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import tools.jackson.databind.json.JsonMapper;

/**
 * The samples of a page: per model and column one gzip of a JSON object with the prompts once and
 * the answers of every row, in base64.
 *
 * @param packs base64 text by identifier, see {@link #id}
 * @param charactersPerText texts longer than this were cut; {@link Integer#MAX_VALUE} for none
 */
record SamplePack(Map<String, String> packs, int charactersPerText) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long MOST_CHARACTERS = 6_000_000;
  private static final int[] CUTS = {Integer.MAX_VALUE, 4000, 1000, 250, 60};

  /** Identifier of the samples of a model's column. */
  static String id(int model, int column) {
    return "samples-" + model + "-" + column;
  }

  /** Packs the samples; texts are cut as far as the page needs to stay small. */
  static SamplePack of(AccuracyMap map) {
    SamplePack pack = new SamplePack(Map.of(), 0);
    for (int cut : CUTS) {
      pack = pack(map, cut);
      if (pack.packs().values().stream().mapToLong(String::length).sum() <= MOST_CHARACTERS) {
        return pack;
      }
    }
    return pack;
  }

  private static SamplePack pack(AccuracyMap map, int cut) {
    Map<String, String> packs = new LinkedHashMap<>();
    List<String> models = map.rows().stream().map(row -> row.model()).distinct().toList();
    for (int model = 0; model < models.size(); model++) {
      for (int column = 0; column < map.columns().size(); column++) {
        Map<Integer, MapCell> cells = new TreeMap<>();
        for (int row = 0; row < map.rows().size(); row++) {
          MapCell cell = map.cells().get(row).get(column);
          if (map.rows().get(row).model().equals(models.get(model)) && !cell.samples().isEmpty()) {
            cells.put(row, cell);
          }
        }
        if (!cells.isEmpty()) {
          byte[] json =
              JSON.writeValueAsString(column(cells, cut)).getBytes(StandardCharsets.UTF_8);
          packs.put(id(model, column), Base64.getEncoder().encodeToString(Gzip.pack(json)));
        }
      }
    }
    return new SamplePack(packs, cut);
  }

  private static Map<String, Object> column(Map<Integer, MapCell> cells, int cut) {
    Map<Integer, List<Object>> items = new TreeMap<>();
    for (MapCell cell : cells.values()) {
      for (SampleRecord sample : cell.samples()) {
        items.putIfAbsent(
            sample.index(),
            List.of(sample.index(), cut(sample.prompt(), cut), cut(sample.expected(), cut)));
      }
    }
    Map<String, Object> rows = new LinkedHashMap<>();
    cells.forEach((row, cell) -> {
      Map<Integer, SampleRecord> byIndex = new TreeMap<>();
      cell.samples().forEach(sample -> byIndex.put(sample.index(), sample));
      List<Object> answers = new ArrayList<>();
      for (Integer index : items.keySet()) {
        SampleRecord sample = byIndex.get(index);
        answers.add(sample == null ? List.of() : answer(cell, sample, cut));
      }
      rows.put(Integer.toString(row), answers);
    });
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("items", items.values());
    root.put("rows", rows);
    return root;
  }

  private static List<Object> answer(MapCell cell, SampleRecord sample, int cut) {
    String output = sample.output();
    if (cell.planned().metric() == Metric.PERPLEXITY) {
      double sum = sample.measures().getOrDefault("nll", Double.NaN);
      double tokens = sample.measures().getOrDefault("tokens", Double.NaN);
      output = Figures.format("%.4f nats per token over %.0f tokens", sum / tokens, tokens);
    }
    return List.of(
        cut(output, cut),
        cut(sample.answer(), cut),
        sample.correct() ? 1 : 0,
        sample.outcome(),
        sample.generatedTokens());
  }

  private static String cut(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return text.substring(0, end) + "… (" + (text.length() - end) + " more characters)";
  }
}
