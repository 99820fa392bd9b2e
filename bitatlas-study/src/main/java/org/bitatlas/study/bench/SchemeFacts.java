package org.bitatlas.study.bench;

import org.bitatlas.tensor.ElementType;

/**
 * What is known of a model in a scheme without running it.
 *
 * @param scheme short name
 * @param words the scheme in words
 * @param execution {@code float}, {@code simulated} or {@code integer}
 * @param executionWords how layers are executed, as the model says it
 * @param arithmetic type of the factors of the linear layers' products; decides which peak they are
 *     compared with
 * @param modelBytes all weights as stored
 * @param linearBytes the linear layers of the blocks as stored
 * @param tableBytes embedding and head as stored; one table where the head is tied
 * @param weightsReadPerToken bytes of weights that decoding reads for a token, as they lie in
 *     memory: linear layers and head
 * @param cachePerPosition bytes of keys and values of a token
 */
public record SchemeFacts(
    String scheme,
    String words,
    String execution,
    String executionWords,
    ElementType arithmetic,
    long modelBytes,
    long linearBytes,
    long tableBytes,
    long weightsReadPerToken,
    long cachePerPosition) {

  /** What is neither a linear layer nor a table: norms, biases, transforms of heads. */
  public long otherBytes() {
    return modelBytes - linearBytes - tableBytes;
  }
}
