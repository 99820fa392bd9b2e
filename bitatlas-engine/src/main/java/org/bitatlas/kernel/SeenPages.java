package org.bitatlas.kernel;

/**
 * Keys and values of a sequence in the pages of a layer.
 *
 * @param layout of the pages
 * @param layer whose they are
 */
public record SeenPages(PageLayout layout, int layer, PagedSequence sequence)
    implements SeenTokens {

  @Override
  public void key(int head, int token, float[] target, int to) {
    read(layout.keys(layer), head, token, target, to);
  }

  @Override
  public void value(int head, int token, float[] target, int to) {
    read(layout.values(layer), head, token, target, to);
  }

  private void read(HeadPanels panels, int head, int token, float[] target, int to) {
    int page = token / PageLayout.TOKENS;
    panels.read(sequence.page(page), token % PageLayout.TOKENS, head, target, to);
  }
}
