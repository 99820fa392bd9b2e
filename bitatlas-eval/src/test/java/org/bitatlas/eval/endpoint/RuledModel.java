package org.bitatlas.eval.endpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.bitatlas.eval.FakeTokenizer;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ReplyBudget;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;

/**
 * A model of one rule: it thinks for as many tokens as the prompt's last character says, closes the
 * span, writes the length of the prompt and stops. Scores are minus the id of the token over 100.
 */
final class RuledModel implements LanguageModel {

  final AtomicInteger asked = new AtomicInteger();

  @Override
  public List<TokenScores> score(List<ScoringRequest> requests) {
    return requests.stream().map(RuledModel::score).toList();
  }

  private static TokenScores score(ScoringRequest request) {
    double[] scores = new double[request.tokenIds().length - request.from()];
    boolean[] greedy = new boolean[scores.length];
    for (int i = 0; i < scores.length; i++) {
      int id = request.tokenIds()[request.from() + i];
      scores[i] = -id / 100.0;
      greedy[i] = id % 2 == 0;
    }
    return new TokenScores(scores, greedy);
  }

  @Override
  public List<Generation> generate(
      List<GenerationRequest> requests, Consumer<? super Generation> finished) {
    List<Generation> replies = requests.stream().map(this::reply).toList();
    replies.forEach(finished);
    return replies;
  }

  private Generation reply(GenerationRequest request) {
    asked.incrementAndGet();
    List<Integer> all = new ArrayList<>(Arrays.stream(request.promptIds()).boxed().toList());
    ReplyBudget budget = new ReplyBudget(request);
    int start = all.size();
    boolean cut = false;
    while (!budget.spent()) {
      int chosen = next(all);
      int token = budget.forced().orElse(chosen);
      cut |= token != chosen;
      if (request.stopIds().contains(token)) {
        return new Generation(
            List.copyOf(all.subList(start, all.size())), Generation.Reason.STOP_TOKEN, cut);
      }
      all.add(token);
      budget.add(token);
      List<Integer> reply = all.subList(start, all.size());
      if (request.end().filter(end -> end.isReached(reply)).isPresent()) {
        return new Generation(List.copyOf(reply), Generation.Reason.REACHED_END, cut);
      }
    }
    return new Generation(
        List.copyOf(all.subList(start, all.size())), Generation.Reason.LENGTH, cut);
  }

  private static int next(List<Integer> all) {
    int colon = all.lastIndexOf(':' + 100);
    if (colon < 1) {
      return FakeTokenizer.STOP;
    }
    List<Integer> written = all.subList(colon + 1, all.size());
    if (written.isEmpty()) {
      return FakeTokenizer.OPEN;
    }
    int close = written.indexOf(FakeTokenizer.CLOSE);
    if (close < 0) {
      return written.size() <= all.get(colon - 1) % 7 ? 't' + 100 : FakeTokenizer.CLOSE;
    }
    String answer = Integer.toString(colon);
    int place = written.size() - 1 - close;
    return place < answer.length() ? answer.charAt(place) + 100 : FakeTokenizer.STOP;
  }
}
