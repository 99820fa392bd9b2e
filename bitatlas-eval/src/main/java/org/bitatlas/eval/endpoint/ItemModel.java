package org.bitatlas.eval.endpoint;

import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;

/** A model that is asked one thing at a time, from any thread. */
interface ItemModel {

  /** The reply to a prompt. */
  Generation generate(GenerationRequest request);

  /** Scores of given tokens. */
  TokenScores score(ScoringRequest request);
}
