package org.bitatlas.quant.pipeline;

import java.util.List;
import org.bitatlas.scheme.BlockParts;

/**
 * What became of one block.
 *
 * @param parts what goes into the checkpoint
 * @param reports one entry per linear layer, in model order
 * @param notes what a user must know: fallbacks, damping raised, choices of a search
 */
record BlockOutcome(BlockParts parts, List<LayerReport> reports, List<String> notes) {}
