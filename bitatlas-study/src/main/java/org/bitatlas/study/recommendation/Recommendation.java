package org.bitatlas.study.recommendation;

import java.util.List;
import java.util.Optional;
import org.bitatlas.study.StudyTask;

/**
 * An answer with all it rests on.
 *
 * @param question what was asked
 * @param columns tasks in modes that decide
 * @param uninformative columns that were asked for but say nothing, with the reason
 * @param chosen the setting; empty where none qualifies
 * @param runnerUp the next best one that qualifies
 * @param runnerUpReason why it is not chosen
 * @param excluded settings that do not qualify, those that miss least first
 * @param notMeasured what was not measured, as sentences
 * @param commands to produce and serve the setting; empty where none is chosen
 */
public record Recommendation(
    Question question,
    List<StudyTask> columns,
    List<String> uninformative,
    Optional<Candidate> chosen,
    Optional<Candidate> runnerUp,
    String runnerUpReason,
    List<Candidate> excluded,
    List<String> notMeasured,
    List<String> commands) {

  /** Whether the answer is to leave the model as it is. */
  public boolean isFloat() {
    return chosen.filter(candidate -> candidate.row().isFloat()).isPresent();
  }
}
