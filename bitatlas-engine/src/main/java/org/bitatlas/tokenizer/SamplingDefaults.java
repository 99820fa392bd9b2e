package org.bitatlas.tokenizer;

/**
 * How the model's authors ask for tokens to be chosen ({@code generation_config.json}).
 *
 * @param sample whether tokens are drawn at random; false is greedy decoding
 * @param temperature divides the logits; 1 when the file does not say
 * @param topK keeps the k most probable tokens; 0 keeps all
 * @param topP keeps the smallest set of tokens with at least this probability mass; 1 keeps all
 */
public record SamplingDefaults(boolean sample, double temperature, int topK, double topP) {

  /** Greedy decoding: the default of a model whose folder says nothing. */
  public static final SamplingDefaults GREEDY = new SamplingDefaults(false, 1, 0, 1);
}
