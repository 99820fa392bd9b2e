package org.bitatlas.study.report;

import java.util.List;
import org.bitatlas.study.findings.Finding;
import org.bitatlas.study.findings.Findings;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.platform.PlatformRanking;

/**
 * What a report says of all cells together; computed once for every form of it, as both parts
 * resample the records.
 *
 * @param findings the papers' findings with this map's answers
 * @param rankings which settings keep their rank; none for a map of one platform
 */
record Conclusions(List<Finding> findings, List<PlatformRanking> rankings) {

  static Conclusions of(AccuracyMap map) {
    return new Conclusions(Findings.of(map), PlatformRanking.of(map));
  }
}
