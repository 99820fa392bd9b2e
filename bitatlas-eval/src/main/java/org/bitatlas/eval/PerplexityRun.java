package org.bitatlas.eval;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.bitatlas.eval.metric.PerplexityDefinition;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.PerplexityTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.Tokenizer;

/** One run of a perplexity task: one sample record per window. */
final class PerplexityRun {

  private final PerplexityTask task;
  private final Suite suite;
  private final LanguageModel model;
  private final ChatTokenizer tokenizer;
  private final RunOptions options;
  private final Consumer<Progress> progress;

  PerplexityRun(
      PerplexityTask task,
      Suite suite,
      LanguageModel model,
      ChatTokenizer tokenizer,
      RunOptions options,
      Consumer<Progress> progress) {
    this.task = task;
    this.suite = suite;
    this.model = model;
    this.tokenizer = tokenizer;
    this.options = options;
    this.progress = progress;
  }

  TaskResult run() {
    List<ScoringRequest> windows = windows();
    List<SampleRecord> samples = new ArrayList<>(windows.size());
    double negativeLogLikelihood = 0;
    long tokens = 0;
    long bytes = 0;
    long nonFinite = 0;
    for (List<ScoringRequest> chunk : ItemSelection.chunks(windows, options.chunkSize())) {
      List<TokenScores> scores = model.score(chunk);
      for (int i = 0; i < chunk.size(); i++) {
        TokenScores window = scores.get(i);
        String text = scoredText(chunk.get(i));
        int scored = window.logProbabilities().length;
        nonFinite +=
            Arrays.stream(window.logProbabilities()).filter(p -> !Double.isFinite(p)).count();
        negativeLogLikelihood -= window.sum();
        tokens += scored;
        bytes += text.getBytes(StandardCharsets.UTF_8).length;
        samples.add(sample(samples.size(), chunk.get(i), text, window));
      }
      progress.accept(new Progress(task.name(), samples.size(), windows.size()));
      if (nonFinite > 0) {
        break;
      }
    }
    double perplexity = PerplexityDefinition.perplexity(negativeLogLikelihood, tokens);
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("windows", (double) samples.size());
    metrics.put("tokens", (double) tokens);
    if (!Double.isFinite(perplexity)) {
      metrics.put("non_finite", (double) nonFinite);
      return new TaskResult(
          CellState.NON_FINITE,
          nonFinite + " of " + tokens + " token scores are not finite",
          Double.NaN,
          metrics,
          List.copyOf(samples),
          windows.size());
    }
    metrics.put("perplexity", perplexity);
    metrics.put("nll_per_token", negativeLogLikelihood / tokens);
    if (bytes > 0) {
      metrics.put("bits_per_byte", PerplexityDefinition.bitsPerByte(negativeLogLikelihood, bytes));
    }
    DistanceMeasures.putMetrics(metrics, samples);
    return new TaskResult(
        CellState.OK, "", perplexity, metrics, List.copyOf(samples), windows.size());
  }

  private List<ScoringRequest> windows() {
    if (suite.items().size() != 1 || !(suite.items().getFirst() instanceof Item.Text item)) {
      throw new BitAtlasException(
          "The data of "
              + suite.file()
              + " was not loaded for the task "
              + task.name()
              + "; load it with this task.");
    }
    Tokenizer words = tokenizer.tokenizer();
    int[] tokens = task.perplexity().tokens(item.text(), words);
    List<ScoringRequest> windows = task.perplexity().requests(tokens, words.beginOfSequenceId());
    int count = Math.min(windows.size(), options.limit().orElse(Integer.MAX_VALUE));
    return windows.subList(0, count);
  }

  private String scoredText(ScoringRequest window) {
    List<Integer> scored = Arrays.stream(window.tokenIds()).skip(window.from()).boxed().toList();
    return tokenizer.tokenizer().decode(scored, false);
  }

  private static SampleRecord sample(
      int index, ScoringRequest request, String text, TokenScores scores) {
    boolean finite = Double.isFinite(scores.sum());
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    measures.put("nll", -scores.sum());
    measures.put("tokens", (double) scores.logProbabilities().length);
    String distance = DistanceMeasures.put(measures, List.of(scores));
    return new SampleRecord(
        index,
        TokenDigest.of(request.tokenIds()),
        text,
        "",
        distance,
        "",
        false,
        0,
        finite ? "SCORED" : "NON_FINITE",
        measures);
  }
}
