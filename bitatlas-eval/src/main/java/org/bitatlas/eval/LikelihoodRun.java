package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.bitatlas.eval.metric.ChoiceScores;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.LikelihoodTask;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;

/** One run of a task whose given texts are scored, as lm-evaluation-harness does it. */
final class LikelihoodRun {

  private final LikelihoodTask task;
  private final List<Item.Likelihood> items;
  private final LanguageModel model;
  private final ChatTokenizer tokenizer;
  private final RunOptions options;
  private final Consumer<Progress> progress;

  LikelihoodRun(
      LikelihoodTask task,
      List<Item.Likelihood> items,
      LanguageModel model,
      ChatTokenizer tokenizer,
      RunOptions options,
      Consumer<Progress> progress) {
    this.task = task;
    this.items = items;
    this.model = model;
    this.tokenizer = tokenizer;
    this.options = options;
    this.progress = progress;
  }

  TaskResult run() {
    List<SampleRecord> samples = new ArrayList<>(items.size());
    for (List<Item.Likelihood> chunk : ItemSelection.chunks(items, options.chunkSize())) {
      List<List<ScoringRequest>> requests = chunk.stream().map(this::requests).toList();
      List<TokenScores> scores = model.score(requests.stream().flatMap(List::stream).toList());
      int next = 0;
      for (int i = 0; i < chunk.size(); i++) {
        int count = requests.get(i).size();
        List<TokenScores> own = scores.subList(next, next + count);
        samples.add(sample(chunk.get(i), requests.get(i), ofEach(chunk.get(i), own)));
        next += count;
      }
      progress.accept(new Progress(task.name(), samples.size(), items.size()));
      long nonFinite = samples.stream().filter(s -> s.outcome().equals("NON_FINITE")).count();
      if (nonFinite > 0) {
        return MultipleChoiceRun.nonFinite(nonFinite, samples, items.size());
      }
    }
    return new TaskResult(
        CellState.OK,
        "",
        GenerativeMetrics.accuracy(samples),
        metrics(samples),
        List.copyOf(samples),
        items.size());
  }

  private SequencedMap<String, Double> metrics(List<SampleRecord> samples) {
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    GenerativeMetrics.putAccuracy(metrics, samples);
    long cut = samples.stream().filter(sample -> sample.measures().containsKey("cut")).count();
    if (cut > 0) {
      metrics.put("cut", (double) cut);
    }
    if (samples.getFirst().measures().containsKey("nll")) {
      metrics.put("perplexity", Math.exp(MultipleChoiceRun.mean(samples, "nll")));
      return metrics;
    }
    for (String rule : List.of("acc", "acc_norm", "acc_bytes")) {
      if (samples.getFirst().measures().containsKey(rule)) {
        metrics.put(rule, MultipleChoiceRun.mean(samples, rule));
      }
    }
    metrics.put("floor", task.floor(items));
    return metrics;
  }

  /** Equal choices are scored once: they tie to the bit, whatever batch they are in. */
  private static List<Item.Continuation> distinct(Item.Likelihood item) {
    return item.continuations().stream().distinct().toList();
  }

  private static List<TokenScores> ofEach(Item.Likelihood item, List<TokenScores> scores) {
    List<Item.Continuation> distinct = distinct(item);
    return item.continuations().stream().map(one -> scores.get(distinct.indexOf(one))).toList();
  }

  private List<ScoringRequest> requests(Item.Likelihood item) {
    return distinct(item).stream().map(continuation -> fitting(encoded(continuation))).toList();
  }

  /** A conversation becomes text by the model's template, which may begin with the begin token. */
  private ScoringRequest encoded(Item.Continuation one) {
    if (one.messages().isEmpty()) {
      return ContinuationEncoding.encode(tokenizer, one.context(), one.text(), true);
    }
    String context = tokenizer.promptText(one.messages(), Optional.empty()) + one.context();
    OptionalInt begin = tokenizer.tokenizer().beginOfSequenceId();
    boolean begun =
        begin.isPresent() && context.startsWith(tokenizer.tokenizer().tokenOf(begin.getAsInt()));
    return ContinuationEncoding.encode(tokenizer, context, one.text(), !begun);
  }

  /** The request without its beginning, where it is longer than the model's context. */
  private ScoringRequest fitting(ScoringRequest request) {
    int length = request.tokenIds().length;
    int most = model.contextLength().orElse(length - 1) + 1;
    if (length <= most) {
      return request;
    }
    int from = request.from() - (length - most);
    if (from < 1) {
      throw new BitAtlasException(
          "The task %s has a text of %d tokens to score, but the model's context has %d."
              .formatted(task.name(), length - request.from(), most - 1));
    }
    return new ScoringRequest(Arrays.copyOfRange(request.tokenIds(), length - most, length), from);
  }

  private SampleRecord sample(
      Item.Likelihood item, List<ScoringRequest> requests, List<TokenScores> scores) {
    double[] sums = scores.stream().mapToDouble(TokenScores::sum).toArray();
    ScoringRequest first = requests.getFirst();
    String digest = TokenDigest.of(Arrays.copyOf(first.tokenIds(), first.from()));
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    if (isCut(item, requests)) {
      measures.put("cut", 1.0);
    }
    boolean finite = Arrays.stream(sums).allMatch(Double::isFinite);
    String expected = expected(item);
    String chosen = "";
    boolean correct = false;
    if (item.choices().isEmpty()) {
      measures.put("nll", -sums[0]);
      correct = finite && scores.getFirst().allGreedy();
      chosen = correct ? expected : "";
    } else {
      for (int i = 0; i < sums.length; i++) {
        measures.put("loglikelihood_" + i, sums[i]);
      }
      if (finite) {
        int best = choose(new ChoiceScores(sums, item.choices()), item.gold(), measures);
        chosen = item.choices().get(best);
        correct = best == item.gold();
      }
    }
    return new SampleRecord(
        item.index(),
        digest,
        item.question(),
        expected,
        chosen,
        chosen,
        correct,
        0,
        finite ? "SCORED" : "NON_FINITE",
        measures);
  }

  private boolean isCut(Item.Likelihood item, List<ScoringRequest> requests) {
    int longest =
        requests.stream().mapToInt(request -> request.tokenIds().length).max().orElseThrow();
    return model.contextLength().isPresent()
        && longest == model.contextLength().getAsInt() + 1
        && item.continuations().stream()
            .map(this::encoded)
            .anyMatch(request -> request.tokenIds().length > longest);
  }

  private static String expected(Item.Likelihood item) {
    return item.choices().isEmpty()
        ? item.continuations().getFirst().text()
        : item.choices().get(item.gold());
  }

  /** The chosen index; puts what every rule gives. Where contexts differ no length is one's own. */
  private int choose(ChoiceScores scores, int gold, SequencedMap<String, Double> measures) {
    measures.put("acc", scores.best() == gold ? 1.0 : 0.0);
    if (task.prompting().form().contextsAreChoices()) {
      return scores.best();
    }
    measures.put("acc_norm", scores.bestPerCharacter() == gold ? 1.0 : 0.0);
    measures.put("acc_bytes", scores.bestPerByte() == gold ? 1.0 : 0.0);
    return switch (task.primary()) {
      case ACC -> scores.best();
      case ACC_NORM -> scores.bestPerCharacter();
    };
  }
}
