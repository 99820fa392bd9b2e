package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.bitatlas.eval.metric.Repetition;
import org.bitatlas.eval.task.GenerativeTask;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingSplit;

/** One run of a generative task. */
final class GenerativeRun {

  private final GenerativeTask task;
  private final Optional<ThinkingMode> mode;
  private final Suite suite;
  private final LanguageModel model;
  private final ChatTokenizer tokenizer;
  private final Sampling sampling;
  private final RunOptions options;
  private final Consumer<Progress> progress;

  GenerativeRun(
      GenerativeTask task,
      Optional<ThinkingMode> mode,
      Suite suite,
      LanguageModel model,
      ChatTokenizer tokenizer,
      Sampling sampling,
      RunOptions options,
      Consumer<Progress> progress) {
    this.task = task;
    this.mode = mode;
    this.suite = suite;
    this.model = model;
    this.tokenizer = tokenizer;
    this.sampling = sampling;
    this.options = options;
    this.progress = progress;
  }

  TaskResult run() {
    List<Item.Question> items = ItemSelection.of(task, suite, Item.Question.class, options.limit());
    List<SampleRecord> samples = new ArrayList<>(items.size());
    for (List<Item.Question> chunk : ItemSelection.chunks(items, options.chunkSize())) {
      List<GenerationRequest> requests = chunk.stream().map(this::request).toList();
      AtomicInteger finished = new AtomicInteger(samples.size());
      List<Generation> generations =
          model.generate(
              requests,
              generation ->
                  progress.accept(
                      new Progress(task.name(), finished.incrementAndGet(), items.size())));
      if (count(generations, Generation.Reason.CANCELLED) > 0) {
        return cancelled(samples, items.size());
      }
      for (int i = 0; i < chunk.size(); i++) {
        samples.add(sample(chunk.get(i), requests.get(i), generations.get(i)));
      }
      Optional<TaskResult> end = earlyEnd(samples, generations, items.size());
      if (end.isPresent()) {
        return end.get();
      }
    }
    SequencedMap<String, Double> metrics = GenerativeMetrics.of(task, samples);
    return new TaskResult(
        CellState.OK,
        "",
        GenerativeMetrics.accuracy(samples),
        metrics,
        List.copyOf(samples),
        items.size());
  }

  private GenerationRequest request(Item.Question item) {
    return new GenerationRequest(
        prompt(item.user()), task.budget(mode), samplingOf(item), tokenizer.stopIds());
  }

  private int[] prompt(String user) {
    if (tokenizer.template().isEmpty() && mode.isEmpty()) {
      return tokenizer.tokenizer().encode(user, true);
    }
    return tokenizer.prompt(List.of(new ChatMessage("user", user)), mode);
  }

  private Sampling samplingOf(Item.Question item) {
    return switch (sampling) {
      case Sampling.Greedy greedy -> greedy;
      case Sampling.Random random ->
          new Sampling.Random(
              random.temperature(),
              random.topK(),
              random.topP(),
              new SplittableRandom(random.seed() + item.index()).nextLong());
    };
  }

  private SampleRecord sample(
      Item.Question item, GenerationRequest request, Generation generation) {
    ThinkingSplit split = ThinkingSplit.of(generation.tokenIds(), tokenizer.thinking());
    // A thinking model that was asked in a mode answers after a closed span only, even when it
    // never
    // opened one: scoring the text would credit reasoning that happens to contain the answer.
    boolean answered =
        switch (split.outcome()) {
          case CLOSED -> true;
          case UNCLOSED -> false;
          case NO_SPAN -> mode.isEmpty() || tokenizer.thinking().closeId().isEmpty();
        };
    Optional<String> answer =
        answered
            ? task.answer().extract(tokenizer.tokenizer().decode(split.answer(), false))
            : Optional.empty();
    boolean finite = generation.reason() != Generation.Reason.NON_FINITE;
    return new SampleRecord(
        item.index(),
        TokenDigest.of(request.promptIds()),
        item.user(),
        item.expected(),
        tokenizer.tokenizer().decode(generation.tokenIds(), false),
        answer.orElse(""),
        finite && answer.isPresent() && answer.get().equals(item.expected()),
        generation.tokenIds().size(),
        outcome(generation, answered, answer),
        measures(item, generation, split));
  }

  private static String outcome(Generation generation, boolean answered, Optional<String> answer) {
    if (generation.reason() == Generation.Reason.NON_FINITE) {
      return "NON_FINITE";
    }
    if (!answered) {
      return "UNCLOSED";
    }
    if (generation.reason() == Generation.Reason.LENGTH) {
      return "TRUNCATED";
    }
    return answer.isEmpty() ? "NO_ANSWER" : "CLOSED";
  }

  private SequencedMap<String, Double> measures(
      Item.Question item, Generation generation, ThinkingSplit split) {
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    List<Integer> ids = generation.tokenIds();
    task.subgroups()
        .ifPresent(
            groups -> measures.put(groups.field(), (double) item.subgroupValue().orElseThrow()));
    measures.put("thinking_tokens", (double) split.thinking().size());
    measures.put("truncated", generation.reason() == Generation.Reason.LENGTH ? 1.0 : 0.0);
    measures.put("rep_4", Repetition.repeatedShare(ids, 4));
    measures.put("tail_loop", Repetition.tailLoopPeriod(ids).isPresent() ? 1.0 : 0.0);
    return measures;
  }

  private Optional<TaskResult> earlyEnd(
      List<SampleRecord> samples, List<Generation> chunk, int planned) {
    long nonFinite = count(chunk, Generation.Reason.NON_FINITE);
    if (nonFinite > 0) {
      SequencedMap<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("n", (double) samples.size());
      metrics.put("non_finite", (double) nonFinite);
      String reason = nonFinite + " of " + chunk.size() + " replies met a logit that is not finite";
      return Optional.of(
          new TaskResult(
              CellState.NON_FINITE, reason, Double.NaN, metrics, List.copyOf(samples), planned));
    }
    int correct = Math.toIntExact(samples.stream().filter(SampleRecord::correct).count());
    int truncated =
        Math.toIntExact(samples.stream().filter(s -> s.measure("truncated") > 0).count());
    return options
        .collapse()
        .filter(rule -> rule.holds(samples.size(), correct, truncated))
        .map(rule ->
            ended(
                CellState.COLLAPSED,
                correct
                    + " of "
                    + samples.size()
                    + " right and "
                    + truncated
                    + " without an end; rule: "
                    + rule.describe(),
                samples,
                planned));
  }

  private TaskResult cancelled(List<SampleRecord> samples, int planned) {
    String reason = "cancelled after " + samples.size() + " of " + planned + " items";
    if (samples.isEmpty()) {
      return new TaskResult(
          CellState.PARTIAL, reason, Double.NaN, new LinkedHashMap<>(), List.of(), planned);
    }
    return ended(CellState.PARTIAL, reason, samples, planned);
  }

  private TaskResult ended(
      CellState state, String reason, List<SampleRecord> samples, int planned) {
    SequencedMap<String, Double> metrics = GenerativeMetrics.of(task, samples);
    return new TaskResult(
        state, reason, GenerativeMetrics.accuracy(samples), metrics, List.copyOf(samples), planned);
  }

  private static long count(List<Generation> generations, Generation.Reason reason) {
    return generations.stream().filter(generation -> generation.reason() == reason).count();
  }
}
