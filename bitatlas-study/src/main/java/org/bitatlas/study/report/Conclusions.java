package org.bitatlas.study.report;

import java.util.List;
import org.bitatlas.study.findings.Finding;
import org.bitatlas.study.findings.Findings;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.platform.PlatformRanking;
import org.bitatlas.study.recommendation.Recommendation;
import org.bitatlas.study.recommendation.TargetAnswers;

/**
 * What a report says of all cells together; computed once for every form of it, as some of it
 * resamples the records.
 *
 * @param findings the papers' findings with this map's answers
 * @param rankings which settings keep their rank; none for a map of one platform
 * @param targets what to use on each target; none where the records do not keep a model's shape
 */
record Conclusions(
    List<Finding> findings, List<PlatformRanking> rankings, List<Recommendation> targets) {

  static Conclusions of(AccuracyMap map) {
    return new Conclusions(Findings.of(map), PlatformRanking.of(map), TargetAnswers.of(map));
  }
}
