package org.bitatlas.quant.pipeline;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.transform.BatchStore;
import org.bitatlas.quant.transform.BlockInputs;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * The calibration set on its way through the blocks: the float stream through the original blocks,
 * the quantized stream through what has become of them.
 */
final class ActivationStream implements BlockInputs, AutoCloseable {

  private final String name;
  private final StateStore store;
  private final BatchPlan plan;
  private final ElementType type;
  private final Tiles tiles;
  private HiddenStates states;
  private Optional<HiddenStates> previous = Optional.empty();
  private Optional<HiddenStates> outputs = Optional.empty();

  private ActivationStream(
      String name,
      StateStore store,
      BatchPlan plan,
      ElementType type,
      Tiles tiles,
      HiddenStates states) {
    this.name = name;
    this.store = store;
    this.plan = plan;
    this.type = type;
    this.tiles = tiles;
    this.states = states;
  }

  /**
   * A stream in front of block {@code layer}: what an earlier run left there, or for the first
   * block the embedded calibration set.
   */
  static ActivationStream at(
      int layer,
      String name,
      StateStore store,
      BlockLoader loader,
      CalibrationSet set,
      Tiles tiles) {
    BatchPlan plan = BatchPlan.of(set, loader.architecture().hiddenSize());
    ElementType type = loader.precision().elementType();
    Optional<HiddenStates> left = store.find(name, layer, plan);
    if (left.isPresent()) {
      return new ActivationStream(name, store, plan, type, tiles, left.get());
    }
    if (layer > 0) {
      throw new BitAtlasException(
          "The unfinished folder %s lacks the hidden states in front of block %d; delete it and start again."
              .formatted(store.folder().map(Path::toString).orElse(""), layer));
    }
    HiddenStates embedded = store.create(name, 0, plan);
    tiles.forEach(
        plan.count(),
        batch -> {
          NativeRuntime.useSingleThread();
          int first = plan.first(batch);
          List<int[]> ids = set.sequences().subList(first, first + plan.rows(batch));
          try (TensorScope _ = TensorScope.open()) {
            embedded.put(batch, loader.embed(ids.toArray(int[][]::new)));
          }
        });
    embedded.commit();
    return new ActivationStream(name, store, plan, type, tiles, embedded);
  }

  @Override
  public int batches() {
    return plan.count();
  }

  @Override
  public int sequences() {
    return plan.sequences();
  }

  @Override
  public Tensor batch(int index) {
    return tensor(states, index);
  }

  @Override
  public BatchStore store(String values) {
    return store.create(name + "-" + values, 0, plan).asBatchStore(store);
  }

  private Tensor tensor(HiddenStates of, int index) {
    return of.get(index).to(type);
  }

  /**
   * What a block makes of the states, without moving on; the next {@link #advance} of the same
   * block takes these.
   */
  BlockInputs outputs(DecoderBlock block) {
    HiddenStates computed = outputs.orElseGet(() -> run(block));
    outputs = Optional.of(computed);
    return new BlockInputs() {
      @Override
      public int batches() {
        return plan.count();
      }

      @Override
      public int sequences() {
        return plan.sequences();
      }

      @Override
      public Tensor batch(int index) {
        return tensor(computed, index);
      }
    };
  }

  /** One sequence [1 x T x D]. */
  Tensor sequence(int index) {
    return batch(index / plan.perBatch()).narrow(0, index % plan.perBatch(), 1);
  }

  /** Runs a block: the states become its outputs; the old ones stay until {@link #forget}. */
  void advance(DecoderBlock block) {
    HiddenStates next = outputs.orElseGet(() -> run(block));
    outputs = Optional.empty();
    previous = Optional.of(states);
    states = next;
  }

  private HiddenStates run(DecoderBlock block) {
    HiddenStates next = store.create(name, block.layer() + 1, plan);
    tiles.forEach(
        plan.count(),
        batch -> {
          NativeRuntime.useSingleThread();
          try (TensorScope _ = TensorScope.open()) {
            Tensor outputs =
                block.forward(batch(batch), block.operators(), LinearInputObserver.NONE);
            next.put(batch, outputs);
          }
        });
    next.commit();
    return next;
  }

  /** Gives up the states in front of the block before, and outputs it has not moved on to. */
  void forget() {
    previous.ifPresent(HiddenStates::discard);
    previous = Optional.empty();
    outputs.ifPresent(HiddenStates::discard);
    outputs = Optional.empty();
  }

  @Override
  public void close() {
    states.close();
    previous.ifPresent(HiddenStates::close);
    outputs.ifPresent(HiddenStates::close);
  }
}
