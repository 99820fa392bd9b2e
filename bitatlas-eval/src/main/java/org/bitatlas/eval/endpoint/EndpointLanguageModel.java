package org.bitatlas.eval.endpoint;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;

/** Asks a model on a server, several items at a time; batching is the server's. */
final class EndpointLanguageModel implements LanguageModel {
  private final ItemModel model;
  private final int concurrency;

  EndpointLanguageModel(ItemModel model, int concurrency) {
    this.model = model;
    this.concurrency = concurrency;
  }

  @Override
  public List<TokenScores> score(List<ScoringRequest> requests) {
    TokenScores[] results = new TokenScores[requests.size()];
    RequestPool.run(results.length, concurrency, i -> results[i] = model.score(requests.get(i)));
    return Arrays.asList(results);
  }

  /**
   * {@inheritDoc}
   *
   * <p>An interrupt leaves what is not finished CANCELLED.
   */
  @Override
  public List<Generation> generate(
      List<GenerationRequest> requests, Consumer<? super Generation> finished) {
    Generation[] results = new Generation[requests.size()];
    Arrays.fill(results, new Generation(List.of(), Generation.Reason.CANCELLED));
    try {
      RequestPool.run(
          results.length,
          concurrency,
          i -> {
            results[i] = model.generate(requests.get(i));
            finished.accept(results[i]);
          });
    } catch (CancellationException e) {
      if (!Thread.currentThread().isInterrupted()) {
        throw e;
      }
    }
    return Arrays.asList(results);
  }
}
