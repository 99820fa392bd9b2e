package org.bitatlas.generate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.bitatlas.generate.Generation.Reason;
import org.bitatlas.model.DecodingBatch;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Beam search for one request: at each step the {@code width} most probable unfinished replies go
 * on, and those that end are kept. A reply is worth its log-probability, that of its stop token
 * included, over its length (with the stop token) to the power of the length penalty. The search
 * ends when no unfinished reply can become worth more than the best one, or with the budget; then
 * unfinished replies count as they are. Ties go to the earlier beam and the lower id. The beams are
 * rows of one batch and share the pages of what they have in common.
 */
final class BeamSearch {
  private final TransformerModel model;
  private final BooleanSupplier cancelled;

  BeamSearch(TransformerModel model, BooleanSupplier cancelled) {
    this.model = model;
    this.cancelled = cancelled;
  }

  /** A reply and the sum of its log-probabilities. */
  private record Hypothesis(List<Integer> ids, double sum) {}

  /** A finished reply and what it is worth. */
  private record Finished(List<Integer> ids, double worth, Reason reason) {}

  /** A beam, continued by a token. */
  private record Candidate(int beam, int token, double sum) {
    private static final Comparator<Candidate> BEST_FIRST =
        Comparator.comparingDouble((Candidate candidate) -> -candidate.sum)
            .thenComparingInt(Candidate::beam)
            .thenComparingInt(Candidate::token);
  }

  Generation run(GenerationRequest request) {
    Sampling.Beam beam = (Sampling.Beam) request.sampling();
    if (request.maxNewTokens() == 0) {
      return new Generation(List.of(), Reason.LENGTH);
    }
    try (DecodingBatch batch = model.newBatch(cancelled);
        TensorScope _ = TensorScope.open()) {
      Tensor logits = batch.prefill(new int[][] {request.promptIds()});
      return search(request, beam, batch, logits);
    } catch (CancellationException stopped) {
      return new Generation(List.of(), Reason.CANCELLED);
    }
  }

  private Generation search(
      GenerationRequest request, Sampling.Beam beam, DecodingBatch batch, Tensor first) {
    List<Hypothesis> beams = List.of(new Hypothesis(List.of(), 0));
    List<Finished> finished = new ArrayList<>();
    Tensor logits = first;
    for (int length = 1; ; length++) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("generation was cancelled");
      }
      List<Candidate> candidates = candidates(logits, beams, beam.width(), request.stopIds());
      logits.close();
      if (candidates.isEmpty()) {
        return new Generation(beams.getFirst().ids(), Reason.NON_FINITE);
      }
      List<Hypothesis> next = new ArrayList<>();
      List<Candidate> chosen = new ArrayList<>();
      for (Candidate candidate : candidates) {
        List<Integer> ids = beams.get(candidate.beam()).ids();
        if (request.stopIds().contains(candidate.token())) {
          finished.add(new Finished(ids, worth(beam, candidate.sum(), length), Reason.STOP_TOKEN));
        } else if (next.size() < beam.width()) {
          List<Integer> longer = new ArrayList<>(ids);
          longer.add(candidate.token());
          if (request.end().filter(end -> end.isReached(longer)).isPresent()) {
            double worth = worth(beam, candidate.sum(), length);
            finished.add(new Finished(List.copyOf(longer), worth, Reason.REACHED_END));
            continue;
          }
          next.add(new Hypothesis(List.copyOf(longer), candidate.sum()));
          chosen.add(candidate);
        }
        if (next.size() == beam.width()) {
          break;
        }
      }
      if (length == request.maxNewTokens() || next.isEmpty()) {
        for (Hypothesis open : next) {
          finished.add(new Finished(open.ids(), worth(beam, open.sum(), length), Reason.LENGTH));
        }
        return best(finished);
      }
      if (!finished.isEmpty()) {
        // A sum only falls; a length beyond one divides it by more the longer the reply gets.
        double attainable = worth(beam, next.getFirst().sum(), request.maxNewTokens());
        if (finished.stream().anyMatch(done -> done.worth() >= attainable)) {
          return best(finished);
        }
      }
      batch.rearrange(chosen.stream().mapToInt(Candidate::beam).toArray());
      logits = batch.step(chosen.stream().mapToInt(Candidate::token).toArray());
      beams = next;
    }
  }

  private static double worth(Sampling.Beam beam, double sum, int length) {
    return sum / Math.pow(length, beam.lengthPenalty());
  }

  private static Generation best(List<Finished> finished) {
    Finished best = finished.getFirst();
    for (Finished other : finished) {
      if (other.worth() > best.worth()) {
        best = other;
      }
    }
    return new Generation(best.ids(), best.reason());
  }

  /** The best continuations of all beams, enough to fill the beams whatever of them stops. */
  private static List<Candidate> candidates(
      Tensor logits, List<Hypothesis> beams, int width, Set<Integer> stopIds) {
    int vocabulary = (int) logits.size(1);
    double[] logProbabilities;
    try (TensorScope _ = TensorScope.open()) {
      logProbabilities = logits.to(ElementType.F64).logSoftmax(1).toDoubles();
    }
    int most = Math.min(vocabulary, width + stopIds.size());
    List<Candidate> all = new ArrayList<>();
    for (int row = 0; row < beams.size(); row++) {
      PriorityQueue<Candidate> kept = new PriorityQueue<>(Candidate.BEST_FIRST.reversed());
      for (int token = 0; token < vocabulary; token++) {
        double value = logProbabilities[row * vocabulary + token];
        if (!Double.isFinite(value)) {
          return List.of();
        }
        double sum = beams.get(row).sum() + value;
        if (kept.size() < most || sum > kept.peek().sum()) {
          kept.add(new Candidate(row, token, sum));
          if (kept.size() > most) {
            kept.remove();
          }
        }
      }
      all.addAll(kept);
    }
    all.sort(Candidate.BEST_FIRST);
    return all;
  }
}
