package org.bitatlas.kernel;

/** Work in tiles that may run in any order and at the same time, with the same result. */
public interface TileTask {

  /** Number of tiles. */
  int tileCount();

  /**
   * Runs one tile.
   *
   * @param tile 0 .. tileCount() - 1
   * @param scratch buffers that no other thread uses meanwhile
   */
  void runTile(int tile, RowScratch scratch);
}
