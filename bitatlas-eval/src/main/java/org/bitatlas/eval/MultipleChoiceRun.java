package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.bitatlas.eval.metric.ChoiceScores;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.MultipleChoiceTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingProtocol;

/** One run of a multiple-choice task by log-likelihood. */
final class MultipleChoiceRun {

  private final MultipleChoiceTask task;
  private final Optional<ThinkingMode> mode;
  private final Suite suite;
  private final LanguageModel model;
  private final ChatTokenizer tokenizer;
  private final RunOptions options;
  private final Consumer<Progress> progress;

  MultipleChoiceRun(
      MultipleChoiceTask task,
      Optional<ThinkingMode> mode,
      Suite suite,
      LanguageModel model,
      ChatTokenizer tokenizer,
      RunOptions options,
      Consumer<Progress> progress) {
    if (mode.isPresent() && mode.get() != ThinkingMode.NO_THINK) {
      throw new BitAtlasException(
          "The task "
              + task.name()
              + " scores given choices, so the model cannot think first; ask for no_think.");
    }
    this.task = task;
    this.mode = mode;
    this.suite = suite;
    this.model = model;
    this.tokenizer = tokenizer;
    this.options = options;
    this.progress = progress;
  }

  TaskResult run() {
    List<Item.Choices> items = ItemSelection.of(task, suite, Item.Choices.class, options.limit());
    List<SampleRecord> samples = new ArrayList<>(items.size());
    for (List<Item.Choices> chunk : ItemSelection.chunks(items, options.chunkSize())) {
      List<List<ScoringRequest>> requests = chunk.stream().map(this::requests).toList();
      List<TokenScores> scores = model.score(requests.stream().flatMap(List::stream).toList());
      int next = 0;
      for (int i = 0; i < chunk.size(); i++) {
        int count = requests.get(i).size();
        samples.add(sample(chunk.get(i), requests.get(i), scores.subList(next, next + count)));
        next += count;
      }
      progress.accept(new Progress(task.name(), samples.size(), items.size()));
      long nonFinite = samples.stream().filter(s -> s.outcome().equals("NON_FINITE")).count();
      if (nonFinite > 0) {
        return nonFinite(nonFinite, samples, items.size());
      }
    }
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    GenerativeMetrics.putAccuracy(metrics, samples);
    metrics.put("acc_norm", mean(samples, "acc_norm"));
    metrics.put("acc_bytes", mean(samples, "acc_bytes"));
    return new TaskResult(
        CellState.OK,
        "",
        GenerativeMetrics.accuracy(samples),
        metrics,
        List.copyOf(samples),
        items.size());
  }

  static TaskResult nonFinite(long count, List<SampleRecord> samples, int planned) {
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("n", (double) samples.size());
    metrics.put("non_finite", (double) count);
    return new TaskResult(
        CellState.NON_FINITE,
        count + " of " + samples.size() + " items have a score that is not finite",
        Double.NaN,
        metrics,
        List.copyOf(samples),
        planned);
  }

  private List<ScoringRequest> requests(Item.Choices item) {
    if (tokenizer.template().isEmpty() && mode.isEmpty()) {
      return item.choices().stream()
          .map(choice ->
              ContinuationEncoding.encode(
                  tokenizer, item.user(), task.continuation() + choice, true))
          .toList();
    }
    int[] context = chatContext(item.user());
    return item.choices().stream()
        .map(choice -> ContinuationEncoding.append(context, continuation(choice)))
        .toList();
  }

  private int[] chatContext(String user) {
    int[] prompt = tokenizer.prompt(List.of(new ChatMessage("user", user)), mode);
    ThinkingProtocol thinking = tokenizer.thinking();
    IntStream span = IntStream.empty();
    if (thinking.closeId().isPresent()) {
      boolean opens = !thinking.templateOpensSpan() && thinking.openId().isPresent();
      span =
          opens
              ? IntStream.of(thinking.openId().getAsInt(), thinking.closeId().getAsInt())
              : IntStream.of(thinking.closeId().getAsInt());
    }
    return IntStream.concat(Arrays.stream(prompt), span).toArray();
  }

  private int[] continuation(String choice) {
    int[] ids = tokenizer.tokenizer().encode(task.continuation() + choice, false);
    if (!task.endOfReply() || tokenizer.stopIds().size() != 1) {
      return ids;
    }
    int stop = tokenizer.stopIds().iterator().next();
    return IntStream.concat(Arrays.stream(ids), IntStream.of(stop)).toArray();
  }

  private static SampleRecord sample(
      Item.Choices item, List<ScoringRequest> requests, List<TokenScores> scores) {
    double[] sums = scores.stream().mapToDouble(TokenScores::sum).toArray();
    boolean finite = Arrays.stream(sums).allMatch(Double::isFinite);
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    for (int i = 0; i < sums.length; i++) {
      measures.put("loglikelihood_" + i, sums[i]);
    }
    ScoringRequest first = requests.getFirst();
    String digest = TokenDigest.of(Arrays.copyOf(first.tokenIds(), first.from()));
    String expected = item.choices().get(item.gold());
    if (!finite) {
      return new SampleRecord(
          item.index(), digest, item.user(), expected, "", "", false, 0, "NON_FINITE", measures);
    }
    ChoiceScores choice = new ChoiceScores(sums, item.choices());
    measures.put("acc_norm", choice.bestPerCharacter() == item.gold() ? 1.0 : 0.0);
    measures.put("acc_bytes", choice.bestPerByte() == item.gold() ? 1.0 : 0.0);
    String chosen = item.choices().get(choice.best());
    return new SampleRecord(
        item.index(),
        digest,
        item.user(),
        expected,
        chosen,
        chosen,
        choice.best() == item.gold(),
        0,
        "SCORED",
        measures);
  }

  static double mean(List<SampleRecord> samples, String measure) {
    double sum = 0;
    for (SampleRecord sample : samples) {
      sum += sample.measure(measure);
    }
    return sum / samples.size();
  }
}
