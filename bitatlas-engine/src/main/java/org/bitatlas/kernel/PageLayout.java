package org.bitatlas.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * What a page of a key-value cache holds: keys and values of {@value #TOKENS} consecutive tokens of
 * one sequence in all layers.
 */
public final class PageLayout {

  /** Tokens of a page. */
  public static final int TOKENS = Panels.ROWS;

  private final int heads;
  private final int dimension;
  private final List<HeadPanels> keys = new ArrayList<>();
  private final List<HeadPanels> values = new ArrayList<>();
  private final long bytes;

  /** How keys and values of a layer are stored. */
  public record Layer(HeadStorage keys, HeadStorage values) {}

  /**
   * A layout.
   *
   * @param heads key heads G
   * @param dimension width of a head d
   */
  public PageLayout(int heads, int dimension, List<Layer> layers) {
    this.heads = heads;
    this.dimension = dimension;
    long at = 0;
    for (Layer layer : layers) {
      HeadPanels ofKeys = new HeadPanels(layer.keys, true, heads, dimension, at);
      HeadPanels ofValues = new HeadPanels(layer.values, false, heads, dimension, ofKeys.end());
      keys.add(ofKeys);
      values.add(ofValues);
      at = ofValues.end();
    }
    bytes = at;
  }

  /** Bytes of a page. */
  public long bytes() {
    return bytes;
  }

  /** Pages of a sequence of {@code tokens} tokens. */
  public static int pages(int tokens) {
    return Math.ceilDiv(tokens, TOKENS);
  }

  /** Whether a layer stores codes in place of keys or values. */
  public boolean rounds(int layer) {
    return keys.get(layer).scaled() || values.get(layer).scaled();
  }

  int heads() {
    return heads;
  }

  int dimension() {
    return dimension;
  }

  HeadPanels keys(int layer) {
    return keys.get(layer);
  }

  HeadPanels values(int layer) {
    return values.get(layer);
  }
}
