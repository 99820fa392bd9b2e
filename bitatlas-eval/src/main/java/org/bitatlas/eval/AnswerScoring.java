package org.bitatlas.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.metric.AnswerRule;
import org.bitatlas.eval.task.GenerativeTask;
import org.bitatlas.eval.task.Item;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * Finds the answer in a reply and compares it with the expected one.
 *
 * @param task says how
 */
record AnswerScoring(GenerativeTask task) implements ReplyScoring.OneByOne<Item.Question> {

  @Override
  public String name() {
    return task.name();
  }

  @Override
  public String user(Item.Question item) {
    return item.user();
  }

  @Override
  public int budget(Optional<ThinkingMode> mode) {
    return task.budget(mode);
  }

  @Override
  public SampleRecord sample(
      Item.Question item, GenerationRequest request, ReplyReader.Reply reply) {
    AnswerRule.Judgement judgement =
        reply
            .answer()
            .map(text -> task.answer().judge(text, item.expected()))
            .orElse(AnswerRule.Judgement.NONE);
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    task.subgroups()
        .ifPresent(
            groups -> measures.put(groups.field(), (double) item.subgroupValue().orElseThrow()));
    measures.putAll(reply.measures());
    // A letter or a yes stands in every reply by chance.
    if (task.chance() == 0) {
      CollapseMark.putSeen(measures, reply.text(), item.expected(), judgement.right());
    }
    return new SampleRecord(
        item.index(),
        TokenDigest.of(request.promptIds()),
        item.user(),
        item.expected(),
        reply.text(),
        judgement.answer().orElse(""),
        reply.finite() && judgement.right(),
        reply.generation().tokenIds().size(),
        reply.outcome(judgement.answer().isPresent()),
        measures);
  }

  @Override
  public SequencedMap<String, Double> metrics(List<SampleRecord> samples) {
    SequencedMap<String, Double> metrics = GenerativeMetrics.of(samples);
    task.subgroups().ifPresent(groups -> GenerativeMetrics.putSubgroups(metrics, groups, samples));
    return metrics;
  }
}
