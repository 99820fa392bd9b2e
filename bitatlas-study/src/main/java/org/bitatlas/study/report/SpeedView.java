package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.study.SpeedRecord;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapSpeed;

/** The measured speeds of a map, a line per scheme. */
final class SpeedView {
  private SpeedView() {}

  static List<Map<String, String>> of(AccuracyMap map) {
    List<Map<String, String>> lines = new ArrayList<>();
    for (MapSpeed speed : map.speeds()) {
      Map<String, String> line = new LinkedHashMap<>();
      line.put("subject", speed.record().model());
      line.put("scheme", speed.scheme());
      line.put(
          "size",
          speed.record().size().map(size -> Figures.bytes(size.wholeModelBytes())).orElse("–"));
      line.put("prefill", spread(speed, "prefill_tokens_per_second"));
      line.put("decode", spread(speed, "decode_tokens_per_second"));
      line.put("quantization", share(speed));
      line.put("rounds", Integer.toString(speed.rounds().size()));
      line.put("machine", speed.record().inputs().getOrDefault("processor", "unknown"));
      line.put("record", FindingView.shortened(speed.record().key()));
      lines.add(line);
    }
    return lines;
  }

  private static String spread(MapSpeed speed, String name) {
    double median = speed.metric(name);
    double half = (speed.metric(name + "_high") - speed.metric(name + "_low")) / 2;
    return Double.isNaN(median)
        ? "–"
        : Figures.format("%.4g", median)
            + (Double.isNaN(half) ? "" : Figures.format(" ± %.2g", half));
  }

  private static String share(MapSpeed speed) {
    double[] whole = speed.measure(SpeedRecord.PREFILL);
    double[] part = speed.measure(SpeedRecord.PREFILL_PHASE + "quantization");
    double sum = 0;
    for (int i = 0; i < whole.length; i++) {
      sum += part[i] / whole[i];
    }
    return whole.length == 0 || Double.isNaN(sum)
        ? "–"
        : Figures.format("%.1f", 100 * sum / whole.length);
  }
}
