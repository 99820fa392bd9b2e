/**
 * Models behind an OpenAI-compatible endpoint, over HTTP alone: no native library, no weights.
 * Entry type: {@link org.bitatlas.eval.endpoint.Endpoint}.
 */
@NullMarked
package org.bitatlas.eval.endpoint;

import org.jspecify.annotations.NullMarked;
