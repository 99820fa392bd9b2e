package org.bitatlas.eval.task;

import java.util.List;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * The model never writes: each choice is scored as the continuation of the question, and the one
 * with the highest summed log-probability is the answer (as ARC and HellaSwag are scored).
 *
 * <p>For a chat model the context is the prompt of the user message plus a closed, empty thinking
 * span; otherwise it is the user message as plain text.
 *
 * @param name name of the task
 * @param about one sentence for reports
 * @param file data file, JSON Lines
 * @param user user message over the fields of a record
 * @param choicesField field with the list of choices
 * @param goldField field with the index of the right choice
 * @param continuation text put before each choice
 * @param endOfReply whether the end of the reply after the choice is scored too (chat models with
 *     exactly one stop token)
 * @param chance accuracy of guessing, 0 to 1
 * @param modes thinking modes of a study that names none
 */
public record MultipleChoiceTask(
    String name,
    String about,
    String file,
    RecordTemplate user,
    String choicesField,
    String goldField,
    String continuation,
    boolean endOfReply,
    double chance,
    List<ThinkingMode> modes)
    implements Task {

  @Override
  public Measure measure() {
    return Measure.ACCURACY;
  }

  @Override
  public String definition() {
    return "choice with the highest summed log-probability; user message "
        + user.source()
        + "; continuation \""
        + continuation
        + "\" + choice"
        + (endOfReply ? " + end of reply" : "");
  }
}
