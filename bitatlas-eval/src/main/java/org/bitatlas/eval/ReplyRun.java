package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bitatlas.eval.task.Item;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.tokenizer.ChatMessage;

/**
 * One run of a task whose items are answered by writing.
 *
 * @param <I> kind of the items
 */
final class ReplyRun<I extends Item> {

  private final ReplyScoring<I> task;
  private final ReplyReader reader;
  private final List<I> items;
  private final LanguageModel model;
  private final RunOptions options;
  private final Consumer<Progress> progress;

  ReplyRun(
      ReplyScoring<I> task,
      ReplyReader reader,
      List<I> items,
      LanguageModel model,
      RunOptions options,
      Consumer<Progress> progress) {
    this.task = task;
    this.reader = reader;
    this.items = items;
    this.model = model;
    this.options = options;
    this.progress = progress;
  }

  TaskResult run() {
    List<SampleRecord> samples = new ArrayList<>(items.size());
    for (List<I> chunk : ItemSelection.chunks(items, options.chunkSize())) {
      List<GenerationRequest> requests =
          chunk.stream()
              .map(item ->
                  reader.request(
                      item.index(),
                      conversation(item),
                      task.answerPrefix(item),
                      task.budget(reader.mode())))
              .toList();
      AtomicInteger finished = new AtomicInteger(samples.size());
      List<Generation> generations =
          model.generate(
              requests,
              _ ->
                  progress.accept(
                      new Progress(task.name(), finished.incrementAndGet(), items.size())));
      if (count(generations, Generation.Reason.CANCELLED) > 0) {
        return cancelled(samples);
      }
      samples.addAll(task.score(chunk, requests, generations, reader));
      Optional<TaskResult> end = earlyEnd(samples, generations);
      if (end.isPresent()) {
        return end.get();
      }
    }
    return ended(CellState.OK, "", samples);
  }

  private List<ChatMessage> conversation(I item) {
    return Stream.concat(
            task.before(item).stream(), Stream.of(new ChatMessage("user", task.user(item))))
        .toList();
  }

  private Optional<TaskResult> earlyEnd(List<SampleRecord> samples, List<Generation> chunk) {
    long nonFinite = count(chunk, Generation.Reason.NON_FINITE);
    if (nonFinite > 0) {
      SequencedMap<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("n", (double) samples.size());
      metrics.put("non_finite", (double) nonFinite);
      String reason = nonFinite + " of " + chunk.size() + " replies met a logit that is not finite";
      return Optional.of(
          new TaskResult(
              CellState.NON_FINITE,
              reason,
              Double.NaN,
              metrics,
              List.copyOf(samples),
              items.size()));
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
                samples));
  }

  private TaskResult cancelled(List<SampleRecord> samples) {
    String reason = "cancelled after " + samples.size() + " of " + items.size() + " items";
    if (samples.isEmpty()) {
      return new TaskResult(
          CellState.PARTIAL, reason, Double.NaN, new LinkedHashMap<>(), List.of(), items.size());
    }
    return ended(CellState.PARTIAL, reason, samples);
  }

  private TaskResult ended(CellState state, String reason, List<SampleRecord> samples) {
    return new TaskResult(
        state,
        reason,
        GenerativeMetrics.accuracy(samples),
        task.metrics(samples),
        List.copyOf(samples),
        items.size());
  }

  private static long count(List<Generation> generations, Generation.Reason reason) {
    return generations.stream().filter(generation -> generation.reason() == reason).count();
  }
}
