package org.bitatlas.eval;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.bitatlas.eval.metric.PerplexityDefinition;
import org.bitatlas.eval.metric.RollingWindows;
import org.bitatlas.eval.metric.Whitespace;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.RollingPerplexityTask;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;

/** One run of a rolling perplexity: one sample record per document. */
final class RollingPerplexityRun {

  private final RollingPerplexityTask task;
  private final List<Item.Document> documents;
  private final LanguageModel model;
  private final ChatTokenizer tokenizer;
  private final RunOptions options;
  private final Consumer<Progress> progress;

  RollingPerplexityRun(
      RollingPerplexityTask task,
      List<Item.Document> documents,
      LanguageModel model,
      ChatTokenizer tokenizer,
      RunOptions options,
      Consumer<Progress> progress) {
    this.task = task;
    this.documents = documents;
    this.model = model;
    this.tokenizer = tokenizer;
    this.options = options;
    this.progress = progress;
  }

  TaskResult run() {
    int prefix = prefix();
    List<SampleRecord> samples = new ArrayList<>(documents.size());
    for (List<Item.Document> chunk : ItemSelection.chunks(documents, options.chunkSize())) {
      List<int[]> tokens = chunk.stream().map(this::tokens).toList();
      List<List<ScoringRequest>> windows =
          tokens.stream().map(ids -> RollingWindows.of(ids, prefix, task.window())).toList();
      List<TokenScores> scores = model.score(windows.stream().flatMap(List::stream).toList());
      int next = 0;
      for (int i = 0; i < chunk.size(); i++) {
        int count = windows.get(i).size();
        samples.add(sample(chunk.get(i), tokens.get(i), scores.subList(next, next + count)));
        next += count;
      }
      progress.accept(new Progress(task.name(), samples.size(), documents.size()));
    }
    return result(samples);
  }

  private int prefix() {
    return PrefixToken.of(tokenizer)
        .orElseThrow(() ->
            new BitAtlasException(
                "The task "
                    + task.name()
                    + " predicts the first token from a begin or end token, but the tokenizer has"
                    + " neither."));
  }

  private int[] tokens(Item.Document document) {
    return tokenizer.tokenizer().encode(task.cleaning().apply(document.text()), true);
  }

  private static SampleRecord sample(
      Item.Document document, int[] tokens, List<TokenScores> windows) {
    double sum = 0;
    for (TokenScores window : windows) {
      sum += window.sum();
    }
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    measures.put("nll", -sum);
    measures.put("tokens", (double) tokens.length);
    measures.put("words", (double) Whitespace.parts(document.text()));
    measures.put("bytes", (double) document.text().getBytes(StandardCharsets.UTF_8).length);
    String distance = DistanceMeasures.put(measures, windows);
    return new SampleRecord(
        document.index(),
        TokenDigest.of(tokens),
        document.text(),
        "",
        distance,
        "",
        false,
        0,
        Double.isFinite(sum) ? "SCORED" : "NON_FINITE",
        measures);
  }

  private TaskResult result(List<SampleRecord> samples) {
    double nll = total(samples, "nll");
    double bytes = total(samples, "bytes");
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("documents", (double) samples.size());
    metrics.put("tokens", total(samples, "tokens"));
    metrics.put("words", total(samples, "words"));
    if (!Double.isFinite(nll)) {
      long count = samples.stream().filter(s -> s.outcome().equals("NON_FINITE")).count();
      metrics.put("non_finite", (double) count);
      return new TaskResult(
          CellState.NON_FINITE,
          count + " of " + samples.size() + " documents have a score that is not finite",
          Double.NaN,
          metrics,
          List.copyOf(samples),
          documents.size());
    }
    double perWord = Math.exp(nll / total(samples, "words"));
    metrics.put("word_perplexity", perWord);
    metrics.put("byte_perplexity", Math.exp(nll / bytes));
    metrics.put("bits_per_byte", PerplexityDefinition.bitsPerByte(nll, Math.round(bytes)));
    DistanceMeasures.putMetrics(metrics, samples);
    return new TaskResult(
        CellState.OK, "", perWord, metrics, List.copyOf(samples), documents.size());
  }

  private static double total(List<SampleRecord> samples, String measure) {
    double sum = 0;
    for (SampleRecord sample : samples) {
      sum += sample.measure(measure);
    }
    return sum;
  }
}
