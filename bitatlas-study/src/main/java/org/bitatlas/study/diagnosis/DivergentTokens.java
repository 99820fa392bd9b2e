package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.study.CellModels;
import org.bitatlas.tokenizer.Tokenizer;

/** Asks both models of a cell how probable they find the tokens at which replies part. */
final class DivergentTokens {

  private DivergentTokens() {}

  /** The tokens in front of a parting, and the two that follow. */
  private record Place(int[] before, int exact, int found) {
    ScoringRequest asking(int token) {
      int[] ids = Arrays.copyOf(before, before.length + 1);
      ids[before.length] = token;
      return new ScoringRequest(ids, before.length);
    }
  }

  /**
   * The pairs with probabilities; a pair stays as it is where its prompt is no longer given by the
   * task's data, or where one reply ends at the parting.
   */
  static List<ReplyPair> ask(CellModels models, List<ReplyPair> pairs) {
    Map<String, int[]> prompts =
        models.prompts(
            pairs.stream().map(pair -> pair.found().promptDigest()).collect(Collectors.toSet()));
    List<Optional<Place>> places =
        pairs.stream().map(pair -> place(models.tokenizer(), pair, prompts)).toList();
    List<Place> known = places.stream().flatMap(Optional::stream).toList();
    if (known.isEmpty()) {
      return pairs;
    }
    double[][] exact = probabilities(float32(models), models.threads(), known);
    double[][] found = probabilities(quantized(models), models.threads(), known);
    List<ReplyPair> asked = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < pairs.size(); i++) {
      if (places.get(i).isEmpty()) {
        asked.add(pairs.get(i));
        continue;
      }
      asked.add(
          pairs
              .get(i)
              .with(new TokenOdds(exact[next][0], exact[next][1], found[next][0], found[next][1])));
      next++;
    }
    return asked;
  }

  private static Optional<Place> place(
      Tokenizer tokenizer, ReplyPair pair, Map<String, int[]> prompts) {
    int[] prompt = prompts.get(pair.found().promptDigest());
    int[] exact = tokenizer.encode(pair.exact().output(), false);
    int[] found = tokenizer.encode(pair.found().output(), false);
    int at = FirstToken.common(exact, found);
    if (prompt == null || at >= exact.length || at >= found.length) {
      return Optional.empty();
    }
    int[] before = Arrays.copyOf(prompt, prompt.length + at);
    System.arraycopy(exact, 0, before, prompt.length, at);
    return Optional.of(new Place(before, exact[at], found[at]));
  }

  private static TransformerModel float32(CellModels models) {
    return TransformerModel.load(
        models.source().architecture(), models.source().checkpoint(), Precision.FP32);
  }

  private static TransformerModel quantized(CellModels models) {
    return TransformerModel.load(
        models.source().architecture(),
        models.source().checkpoint(),
        models.quantized(),
        Precision.FP32);
  }

  /** Probabilities of both tokens of each place; closes the model. */
  private static double[][] probabilities(TransformerModel model, int threads, List<Place> places) {
    try (model) {
      LanguageModel language = new TransformerLanguageModel(model, threads);
      List<ScoringRequest> requests = new ArrayList<>();
      for (Place place : places) {
        requests.add(place.asking(place.exact()));
        requests.add(place.asking(place.found()));
      }
      double[] all =
          language.score(requests).stream().mapToDouble(score -> Math.exp(score.sum())).toArray();
      double[][] pairs = new double[places.size()][];
      for (int i = 0; i < pairs.length; i++) {
        pairs[i] = new double[] {all[2 * i], all[2 * i + 1]};
      }
      return pairs;
    }
  }
}
