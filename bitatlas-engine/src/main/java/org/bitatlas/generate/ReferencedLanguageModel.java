package org.bitatlas.generate;

import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.bitatlas.model.TransformerModel;

/**
 * A language model whose scores come with the distance to a reference model on the same tokens. The
 * two are computed side by side, a few positions at a time, and no logits are stored. The reference
 * reads each sequence alone, so that its part does not depend on the batch.
 */
public final class ReferencedLanguageModel implements LanguageModel {

  /** Raised when the same models on the same tokens would give other distances. */
  public static final int BEHAVIOUR_VERSION = 1;

  private final TransformerLanguageModel model;
  private final TransformerModel reference;

  /**
   * {@code model} beside {@code reference}, which stays the caller's to close.
   *
   * @throws IllegalArgumentException when they do not have the same vocabulary
   */
  public ReferencedLanguageModel(TransformerLanguageModel model, TransformerModel reference) {
    this.model = model;
    this.reference = reference;
    model.requireVocabulary(reference);
  }

  @Override
  public OptionalInt contextLength() {
    return model.contextLength();
  }

  /** {@inheritDoc} Every result has {@link TokenScores#distance}. */
  @Override
  public List<TokenScores> score(List<ScoringRequest> requests) {
    return model.scoreBeside(requests, reference);
  }

  @Override
  public List<Generation> generate(
      List<GenerationRequest> requests, Consumer<? super Generation> finished) {
    return model.generate(requests, finished);
  }
}
