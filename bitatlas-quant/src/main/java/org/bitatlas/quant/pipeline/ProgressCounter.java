package org.bitatlas.quant.pipeline;

import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.Recipe;

/** Counts linear layers for a listener. */
final class ProgressCounter {
  private final int total;
  private final QuantizationListener listener;
  private int finished;

  ProgressCounter(
      Architecture architecture, Recipe recipe, int first, QuantizationListener listener) {
    this.listener = listener;
    this.finished = layers(recipe, first);
    this.total = layers(recipe, architecture.layers());
  }

  private static int layers(Recipe recipe, int blocks) {
    int count = 0;
    for (int layer = 0; layer < blocks; layer++) {
      for (Projection projection : Projection.values()) {
        count += recipe.excludes(projection.module(layer)) ? 0 : 1;
      }
    }
    return count;
  }

  void done(LayerReport report) {
    finished++;
    listener.finished(new QuantizationProgress(finished, total, report));
  }

  void searched(int layer, String what, int done, int steps) {
    listener.searched(layer, what, done, steps);
  }
}
