package org.bitatlas.study;

import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.endpoint.Endpoint;
import org.bitatlas.eval.task.SuiteCatalog;

/**
 * What a model behind an endpoint is asked, and how.
 *
 * @param endpoint the row: server, label and platform
 * @param wanted tokenizer, mode and arguments of the template
 * @param catalog the tasks there are
 * @param options limit, chunk size, collapse rule, thinking budget
 */
public record EndpointQuestion(
    EndpointSpec endpoint, Endpoint.Wanted wanted, SuiteCatalog catalog, RunOptions options) {

  /** Items of the first call of the model, as in a study. */
  public static final int CHUNK = 100;
}
