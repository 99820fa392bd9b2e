package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;

/** Answers from functions, and remembers what it was asked. */
final class FakeModel implements LanguageModel {

  final List<GenerationRequest> generations = new ArrayList<>();
  final List<ScoringRequest> scorings = new ArrayList<>();
  final List<Integer> chunks = new ArrayList<>();

  private final Function<GenerationRequest, Generation> generator;
  private final Function<ScoringRequest, double[]> scorer;

  private FakeModel(
      Function<GenerationRequest, Generation> generator,
      Function<ScoringRequest, double[]> scorer) {
    this.generator = generator;
    this.scorer = scorer;
  }

  static FakeModel writing(Function<GenerationRequest, Generation> generator) {
    return new FakeModel(
        generator,
        request -> {
          throw new AssertionError("not asked to score");
        });
  }

  static FakeModel scoring(Function<ScoringRequest, double[]> scorer) {
    return new FakeModel(
        request -> {
          throw new AssertionError("not asked to write");
        },
        scorer);
  }

  @Override
  public List<TokenScores> score(List<ScoringRequest> requests) {
    chunks.add(requests.size());
    scorings.addAll(requests);
    return requests.stream()
        .map(scorer)
        .map(values -> new TokenScores(values, mostProbable(values)))
        .toList();
  }

  /** A token of log-probability 0 is the most probable one. */
  private static boolean[] mostProbable(double[] values) {
    boolean[] most = new boolean[values.length];
    for (int i = 0; i < values.length; i++) {
      most[i] = values[i] == 0;
    }
    return most;
  }

  @Override
  public List<Generation> generate(
      List<GenerationRequest> requests, Consumer<? super Generation> finished) {
    chunks.add(requests.size());
    generations.addAll(requests);
    List<Generation> results = requests.stream().map(generator).toList();
    results.forEach(finished);
    return results;
  }
}
