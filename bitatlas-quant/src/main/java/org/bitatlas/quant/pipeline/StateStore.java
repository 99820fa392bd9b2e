package org.bitatlas.quant.pipeline;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.tensor.BitAtlasException;

/** Where hidden states are kept between blocks. Used by the thread that leads the job. */
final class StateStore {

  private final Optional<Path> folder;
  private long largest;

  /**
   * A store.
   *
   * @param folder folder of the files; empty to keep the states in memory
   */
  StateStore(Optional<Path> folder) {
    this.folder = folder;
  }

  Optional<Path> folder() {
    return folder;
  }

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

  /** Largest size of the files that {@link #measure} has seen. */
  long largest() {
    return largest;
  }

  /** Looks at the size of the files, before some of them are given up. */
  void measure() {
    largest = Math.max(largest, bytes());
  }

  /** Bytes of all states on disk, unfinished ones included. */
  private long bytes() {
    if (folder.isEmpty()) {
      return 0;
    }
    try (Stream<Path> files = Files.list(folder.get())) {
      long bytes = 0;
      for (Path file : files.toList()) {
        bytes += Files.size(file);
      }
      return bytes;
    } catch (IOException e) {
      throw new BitAtlasException("Cannot read " + folder.get() + ": " + e + ".", e);
    }
  }

  /** Deletes the states of all blocks but one, and unfinished ones. */
  void keepOnly(int layer) {
    if (folder.isEmpty()) {
      return;
    }
    String kept = "-%05d.states".formatted(layer);
    try (Stream<Path> files = Files.list(folder.get())) {
      for (Path file : files.toList()) {
        if (!file.toString().endsWith(kept)) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new BitAtlasException("Cannot tidy " + folder.get() + ": " + e + ".", e);
    }
  }

  private static Path file(Path folder, String stream, int layer) {
    return folder.resolve("%s-%05d.states".formatted(stream, layer));
  }
}
