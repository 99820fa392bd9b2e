/**
 * Architectures as data, and the decoder that runs them. Entry types: Architecture,
 * TransformerModel. Depends on tensor, checkpoint and scheme.
 */
@NullMarked
package org.bitatlas.model;

import org.jspecify.annotations.NullMarked;
