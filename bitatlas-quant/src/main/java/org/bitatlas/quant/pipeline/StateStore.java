package org.bitatlas.quant.pipeline;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where hidden states are kept between blocks.
 *
 * @param folder folder of the files; empty to keep them in memory
 */
record StateStore(Optional<Path> folder) {

  static final StateStore IN_MEMORY = new StateStore(Optional.empty());

  /** New states in front of a block. */
  HiddenStates create(String stream, int layer, BatchPlan plan) {
    return folder
        .map(present -> HiddenStates.create(plan, file(present, stream, layer)))
        .orElseGet(() -> HiddenStates.inMemory(plan));
  }

  /** Complete states an earlier run left in front of a block. */
  Optional<HiddenStates> find(String stream, int layer, BatchPlan plan) {
    return folder
        .map(present -> file(present, stream, layer))
        .filter(Files::isRegularFile)
        .map(file -> HiddenStates.open(plan, file));
  }

  private static Path file(Path folder, String stream, int layer) {
    return folder.resolve("%s-%05d.states".formatted(stream, layer));
  }
}
