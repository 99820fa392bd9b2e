package org.bitatlas.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.ReplyTask;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * Scores the replies to a harness task that is not answered by programs.
 *
 * @param task says how
 * @param judge the scores of one reply
 */
record HarnessScoring(ReplyTask task, ReplyJudge judge)
    implements ReplyScoring.OneByOne<Item.Reply> {

  HarnessScoring(ReplyTask task) {
    this(task, ReplyJudge.of(task.score()));
  }

  @Override
  public String name() {
    return task.name();
  }

  @Override
  public String user(Item.Reply item) {
    return item.user();
  }

  @Override
  public List<ChatMessage> before(Item.Reply item) {
    return item.before();
  }

  @Override
  public String answerPrefix(Item.Reply item) {
    return item.answerPrefix();
  }

  @Override
  public int budget(Optional<ThinkingMode> mode) {
    return task.budget(mode);
  }

  @Override
  public SampleRecord sample(Item.Reply item, GenerationRequest request, ReplyReader.Reply reply) {
    // A reply without an answer is judged as an empty one, so that every item has all measures.
    ReplyJudge.Found found = judge.judge(item, reply.answer().orElse(""));
    boolean answered = reply.answer().isPresent() && found.answer().isPresent();
    SequencedMap<String, Double> measures = new LinkedHashMap<>(found.measures());
    measures.putAll(reply.measures());
    if (task.guessing() == 0) {
      CollapseMark.putSeen(measures, reply.text(), item.target(), answered && found.right());
    }
    return new SampleRecord(
        item.index(),
        TokenDigest.of(request.promptIds()),
        item.question(),
        item.target(),
        reply.text(),
        answered ? found.answer().orElseThrow() : "",
        reply.finite() && answered && found.right(),
        reply.generation().tokenIds().size(),
        reply.outcome(answered),
        measures);
  }

  @Override
  public SequencedMap<String, Double> metrics(List<SampleRecord> samples) {
    SequencedMap<String, Double> metrics = GenerativeMetrics.of(samples);
    metrics.putAll(judge.metrics(samples));
    return metrics;
  }
}
