package org.bitatlas.quant.pipeline;

/** Takes finished blocks, in order. */
interface BlockSink {

  /** Blocks an earlier run has finished. */
  int done();

  /** Where hidden states are kept between blocks. */
  StateStore states();

  /** Takes the next block; when this returns, the block is safe. */
  void add(int layer, BlockOutcome outcome);
}
