package org.bitatlas.study.platform;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.statistics.ClusteredBootstrap;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.TangoInterval;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.Flag;
import org.bitatlas.study.map.ItemPairs;
import org.bitatlas.study.map.MapCell;

/**
 * Which settings keep their rank from one platform to another. Two settings are ordered on a
 * platform only where the interval of their paired difference, over all items that both platforms
 * asked, leaves 0 out; the intervals hold together (Bonferroni over all pairs and both platforms).
 *
 * @param model name of the model
 * @param first a platform
 * @param second another one
 * @param columns columns that are compared
 * @param confidence of each interval
 * @param settings settings that both platforms have, in the order of the map
 */
public record PlatformRanking(
    String model,
    String first,
    String second,
    List<String> columns,
    double confidence,
    List<Ranked> settings) {
  private static final double LEVEL = 0.05;
  private static final long SEED = 1;
  private static final int RESAMPLES = 2000;

  /** What became of a setting. */
  public enum Stability {
    /** Ordered alike against at least one other setting, the other way round against none. */
    KEEPS,
    /** Ordered the other way round against another setting, or broken on one platform only. */
    CHANGES,
    /** No other setting is ordered against it on both platforms. */
    NOT_ENOUGH_DATA
  }

  /**
   * Ranks that a setting may have: those above it for sure, and those not below it for sure.
   *
   * @param best from 1
   * @param worst at most the number of settings
   */
  public record Ranks(int best, int worst) {}

  /**
   * A setting on both platforms.
   *
   * @param setting its name
   * @param first ranks on the first platform
   * @param second ranks on the second
   * @param alike settings that it is ordered against alike
   * @param reversed settings that it is ordered against the other way round
   * @param difference accuracy on the second platform minus that on the first, same items
   * @param interval of the difference
   * @param stability what follows
   */
  public record Ranked(
      String setting,
      Ranks first,
      Ranks second,
      List<String> alike,
      List<String> reversed,
      double difference,
      Interval interval,
      Stability stability) {}

  /** Every pair of platforms of every model of a map; empty where all records are of one. */
  public static List<PlatformRanking> of(AccuracyMap map) {
    SequencedMap<String, SequencedMap<String, SequencedMap<String, List<MapCell>>>> models =
        new LinkedHashMap<>();
    for (int i = 0; i < map.rows().size(); i++) {
      List<MapCell> cells = map.cells().get(i);
      Optional<RunRecord> record = Platform.recordOf(cells);
      Optional<String> setting =
          record.isEmpty() ? Optional.empty() : Platform.setting(map.rows().get(i), record.get());
      if (setting.isPresent()) {
        models
            .computeIfAbsent(map.rows().get(i).model(), _ -> new LinkedHashMap<>())
            .computeIfAbsent(Platform.of(record.get()), _ -> new LinkedHashMap<>())
            .put(setting.get(), cells);
      }
    }
    List<PlatformRanking> rankings = new ArrayList<>();
    models.forEach((model, platforms) -> {
      List<String> names = List.copyOf(platforms.sequencedKeySet());
      for (int i = 0; i < names.size(); i++) {
        for (int j = i + 1; j < names.size(); j++) {
          new Pair(names.get(i), names.get(j), platforms).ranking(model).ifPresent(rankings::add);
        }
      }
    });
    return List.copyOf(rankings);
  }

  /** Two platforms. */
  private static final class Pair {
    private final String first;
    private final String second;
    private final SequencedMap<String, List<MapCell>> here;
    private final SequencedMap<String, List<MapCell>> there;

    Pair(String first, String second, Map<String, SequencedMap<String, List<MapCell>>> platforms) {
      this.first = first;
      this.second = second;
      this.here = platforms.getOrDefault(first, new LinkedHashMap<>());
      this.there = platforms.getOrDefault(second, new LinkedHashMap<>());
    }

    Optional<PlatformRanking> ranking(String model) {
      List<String> common = here.keySet().stream().filter(there::containsKey).toList();
      List<Integer> columns = columns(common);
      if (common.isEmpty() || columns.isEmpty()) {
        return Optional.empty();
      }
      List<String> sound =
          common.stream()
              .filter(name -> !broken(here, name, columns) && !broken(there, name, columns))
              .toList();
      int comparisons = Math.max(1, sound.size() * (sound.size() - 1));
      double confidence = 1 - LEVEL / comparisons;
      int[][] orderHere = order(here, sound, columns, confidence);
      int[][] orderThere = order(there, sound, columns, confidence);
      List<Ranked> ranked = new ArrayList<>();
      for (String name : common) {
        int index = sound.indexOf(name);
        if (index >= 0) {
          ranked.add(ranked(name, index, sound, orderHere, orderThere, columns));
        } else if (broken(here, name, columns) != broken(there, name, columns)) {
          ranked.add(
              new Ranked(
                  name,
                  new Ranks(0, 0),
                  new Ranks(0, 0),
                  List.of(),
                  List.of(),
                  Double.NaN,
                  new Interval(Double.NaN, Double.NaN),
                  Stability.CHANGES));
        }
      }
      return Optional.of(
          new PlatformRanking(
              model,
              first,
              second,
              columns.stream()
                  .map(
                      column -> here.firstEntry().getValue().get(column).planned().column().label())
                  .toList(),
              confidence,
              List.copyOf(ranked)));
    }

    /**
     * Columns in which some setting was asked the same on both, and float has something to lose.
     */
    private List<Integer> columns(List<String> common) {
      List<Integer> columns = new ArrayList<>();
      int count = here.isEmpty() ? 0 : here.firstEntry().getValue().size();
      for (int column = 0; column < count; column++) {
        int at = column;
        boolean asked =
            common.stream()
                .anyMatch(name -> {
                  MapCell cell = here.getOrDefault(name, List.of()).get(at);
                  MapCell other = there.getOrDefault(name, List.of()).get(at);
                  return cell.planned().metric() == Metric.ACCURACY
                      && !cell.flags().contains(Flag.FLOAT_UNINFORMATIVE)
                      && ItemPairs.of(cell.samples(), other.samples()).isPresent();
                });
        if (asked) {
          columns.add(column);
        }
      }
      return columns;
    }

    private static boolean broken(
        Map<String, List<MapCell>> platform, String name, List<Integer> columns) {
      return columns.stream()
          .map(column -> platform.getOrDefault(name, List.of()).get(column).state())
          .anyMatch(state -> state == CellState.COLLAPSED || state == CellState.NON_FINITE);
    }

    /** 1 where the row is better than the column for sure, -1 where it is worse, else 0. */
    private static int[][] order(
        Map<String, List<MapCell>> platform,
        List<String> names,
        List<Integer> columns,
        double confidence) {
      int[][] order = new int[names.size()][names.size()];
      for (int i = 0; i < names.size(); i++) {
        for (int j = i + 1; j < names.size(); j++) {
          Optional<ItemPairs> pairs =
              pairs(
                  platform.getOrDefault(names.get(j), List.of()),
                  platform.getOrDefault(names.get(i), List.of()),
                  columns);
          if (pairs.isPresent()) {
            Interval interval = interval(pairs.get(), confidence);
            order[i][j] = interval.low() > 0 ? 1 : interval.high() < 0 ? -1 : 0;
            order[j][i] = -order[i][j];
          }
        }
      }
      return order;
    }

    private Ranked ranked(
        String name,
        int index,
        List<String> names,
        int[][] orderHere,
        int[][] orderThere,
        List<Integer> columns) {
      List<String> alike = new ArrayList<>();
      List<String> reversed = new ArrayList<>();
      for (int other = 0; other < names.size(); other++) {
        int product = orderHere[index][other] * orderThere[index][other];
        if (product > 0) {
          alike.add(names.get(other));
        } else if (product < 0) {
          reversed.add(names.get(other));
        }
      }
      Optional<ItemPairs> across =
          pairs(here.getOrDefault(name, List.of()), there.getOrDefault(name, List.of()), columns);
      Stability stability = Stability.NOT_ENOUGH_DATA;
      if (!reversed.isEmpty()) {
        stability = Stability.CHANGES;
      } else if (!alike.isEmpty()) {
        stability = Stability.KEEPS;
      }
      return new Ranked(
          name,
          ranks(orderHere[index]),
          ranks(orderThere[index]),
          List.copyOf(alike),
          List.copyOf(reversed),
          across.map(pairs -> pairs.counts().difference()).orElse(Double.NaN),
          across
              .map(pairs -> PlatformRanking.interval(pairs, 1 - LEVEL))
              .orElse(new Interval(Double.NaN, Double.NaN)),
          stability);
    }

    private static Ranks ranks(int[] order) {
      int better = 0;
      int worse = 0;
      for (int sign : order) {
        better += sign < 0 ? 1 : 0;
        worse += sign > 0 ? 1 : 0;
      }
      return new Ranks(1 + better, order.length - worse);
    }

    private static Optional<ItemPairs> pairs(
        List<MapCell> before, List<MapCell> after, List<Integer> columns) {
      List<Map.Entry<String, ItemPairs>> parts = new ArrayList<>();
      for (int column : columns) {
        MapCell one = before.get(column);
        MapCell other = after.get(column);
        if (one.state() == CellState.OK && other.state() == CellState.OK) {
          ItemPairs.of(one.samples(), other.samples())
              .ifPresent(pairs -> parts.add(Map.entry(one.planned().task(), pairs)));
        }
      }
      return ItemPairs.joined(parts);
    }
  }

  /** Of the second minus the first; where items belong together the wider of two. */
  private static Interval interval(ItemPairs pairs, double confidence) {
    Interval tango = TangoInterval.of(pairs.counts(), confidence);
    if (pairs.clusters().alone()) {
      return tango;
    }
    Interval drawn =
        ClusteredBootstrap.of(
                ItemPairs.scores(pairs.first()),
                ItemPairs.scores(pairs.second()),
                pairs.clusters(),
                SEED,
                RESAMPLES)
            .interval(confidence);
    return new Interval(Math.min(tango.low(), drawn.low()), Math.max(tango.high(), drawn.high()));
  }
}
