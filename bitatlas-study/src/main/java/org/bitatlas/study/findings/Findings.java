package org.bitatlas.study.findings;

import java.util.List;
import org.bitatlas.study.map.AccuracyMap;

/**
 * The findings of three studies of quantization on Ascend NPUs (arXiv 2606.21257, 2512.23367,
 * 2602.17693), each asked of a map: YES where the study shows it, NO where it shows the opposite,
 * NOT_ENOUGH_DATA, with what is missing, where it shows neither.
 */
public final class Findings {
  /** Level of the claims of a finding, together. */
  static final double LEVEL = 0.05;

  private Findings() {}

  /** All findings with this map's answers, in a fixed order. */
  public static List<Finding> of(AccuracyMap map) {
    List<Setting> settings = Setting.of(map);
    return List.of(
        EightBitsLossless.of(settings),
        SmallModelHarmedMore.of(map, settings),
        FewBitsAtChance.of(2, settings),
        FewBitsAtChance.of(1, settings),
        SmoothQuantNotFinite.of(settings),
        WeightActivationKeepsMost.of(settings),
        PrefillFaster.of(map.speeds()),
        DynamicQuantizationShare.of(map.speeds()));
  }
}
