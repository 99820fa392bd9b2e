package org.bitatlas.generate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.model.DecodingBatch;
import org.bitatlas.model.DecodingBatch.Prefix;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Reads the prompts of a tile into its batch, in their order. What later prompts begin with is kept
 * until the last of them has come.
 */
final class PromptReader implements AutoCloseable {

  private final DecodingBatch batch;
  private final int[][] prompts;
  private final SharedPrefixes shared;
  private final Map<Integer, Prefix> kept = new HashMap<>();

  /** A reader of {@code prompts} into {@code batch}. */
  PromptReader(DecodingBatch batch, int[][] prompts) {
    this.batch = batch;
    this.prompts = prompts;
    this.shared = new SharedPrefixes(prompts);
  }

  /**
   * Reads the next prompts; those that begin like another of them come after it.
   *
   * @param first index of the first
   * @param read told, in parts, which prompts have become rows, and their logits
   */
  void read(int first, int count, BiConsumer<List<Integer>, Tensor> read) {
    List<Integer> left = new ArrayList<>();
    for (int prompt = first; prompt < first + count; prompt++) {
      left.add(prompt);
    }
    while (!left.isEmpty()) {
      List<Integer> ready =
          left.stream()
              .filter(prompt -> shared.source(prompt).filter(left::contains).isEmpty())
              .toList();
      try (TensorScope _ = TensorScope.open()) {
        read.accept(ready, add(ready));
      }
      left.removeAll(ready);
    }
    kept.entrySet()
        .removeIf(entry -> {
          boolean done = shared.lastUse(entry.getKey()) < first + count;
          if (done) {
            entry.getValue().close();
          }
          return done;
        });
  }

  private Tensor add(List<Integer> ready) {
    List<Optional<Prefix>> prefixes =
        ready.stream()
            .map(prompt ->
                shared
                    .source(prompt)
                    .flatMap(source -> Optional.ofNullable(kept.get(source)))
                    .map(prefix -> prefix.first(shared.length(prompt))))
            .toList();
    Tensor logits =
        batch.add(ready.stream().map(prompt -> prompts[prompt]).toArray(int[][]::new), prefixes);
    for (int i = 0; i < ready.size(); i++) {
      int prompt = ready.get(i);
      int tokens = shared.shared(prompt);
      if (tokens > 0) {
        kept.put(prompt, batch.prefix(batch.rows() - ready.size() + i, tokens));
      }
    }
    return logits;
  }

  /** Pages that are kept, each counted for every beginning it belongs to. */
  long keptPages() {
    return kept.values().stream().mapToLong(prefix -> PageLayout.pages(prefix.length())).sum();
  }

  /** Gives up what is kept; later prompts compute it again. */
  void forget() {
    kept.values().forEach(Prefix::close);
    kept.clear();
  }

  @Override
  public void close() {
    forget();
  }
}
