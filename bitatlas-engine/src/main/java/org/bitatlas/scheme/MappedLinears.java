package org.bitatlas.scheme;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Supplier;
import org.bitatlas.checkpoint.Checkpoint;

/**
 * Quantized layers by module name that stay in the files of a checkpoint: a value is read each time
 * it is asked for, and none is kept, so that memory does not grow with their number. Whoever keeps
 * values keeps them in memory. Usable while the files are open.
 */
public final class MappedLinears extends AbstractMap<String, StoredLinear>
    implements SequencedMap<String, StoredLinear> {

  /**
   * How a layer is read.
   *
   * @param cells without its codes; of a layer on a grid
   * @param whole all of it
   */
  private record Reading(
      LinearEntry entry, Optional<Supplier<GridCells>> cells, Supplier<StoredLinear> whole) {}

  private final SequencedMap<String, Reading> readings;

  /** No layers. */
  public MappedLinears() {
    this(new LinkedHashMap<>());
  }

  private MappedLinears(SequencedMap<String, Reading> readings) {
    this.readings = readings;
  }

  /**
   * Adds a layer on a grid. Its cells are read once to know what it is.
   *
   * @param cells reads all but the codes
   * @param codes reads the codes, as {@link GridLinear#codes()}
   * @throws org.bitatlas.tensor.BitAtlasException when the cells cannot be read
   */
  public void addGrid(String module, Supplier<GridCells> cells, Supplier<byte[]> codes) {
    readings.put(
        module,
        new Reading(
            LinearEntry.of(cells.get()),
            Optional.of(cells),
            () -> cells.get().withCodes(codes.get())));
  }

  /** Adds a layer of BitAtlas's own checkpoint; nothing is read. */
  void add(String module, LinearEntry entry, Checkpoint stored) {
    Optional<Supplier<GridCells>> cells =
        entry instanceof LinearEntry.Grid grid
            ? Optional.of(() -> LinearStorage.cells(module, grid, stored))
            : Optional.empty();
    readings.put(
        module, new Reading(entry, cells, () -> LinearStorage.read(module, entry, stored)));
  }

  private Reading reading(String module) {
    return Objects.requireNonNull(readings.get(module), module);
  }

  /** What is known of a layer of this map; nothing is read. */
  LinearEntry entry(String module) {
    return reading(module).entry();
  }

  /** Reads a layer of this map without its codes; empty when it is on no grid. */
  Optional<GridCells> cells(String module) {
    return reading(module).cells().map(Supplier::get);
  }

  @Override
  public boolean containsKey(Object module) {
    return readings.containsKey(module);
  }

  @Override
  public SequencedMap<String, StoredLinear> reversed() {
    return new MappedLinears(readings.reversed());
  }

  /** Entries whose values are read when they are asked for. */
  @Override
  public Set<Map.Entry<String, StoredLinear>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public int size() {
        return readings.size();
      }

      @Override
      public Iterator<Map.Entry<String, StoredLinear>> iterator() {
        return readings.entrySet().stream()
            .<Map.Entry<String, StoredLinear>>map(
                entry -> new ReadEntry(entry.getKey(), entry.getValue()))
            .iterator();
      }
    };
  }

  /** A module and its layer. */
  private record ReadEntry(String module, Reading reading)
      implements Map.Entry<String, StoredLinear> {

    @Override
    public String getKey() {
      return module;
    }

    @Override
    public StoredLinear getValue() {
      return reading.whole().get();
    }

    @Override
    public StoredLinear setValue(StoredLinear value) {
      throw new UnsupportedOperationException("layers of a checkpoint on disk cannot be replaced");
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Map.Entry<?, ?> that
          && module.equals(that.getKey())
          && getValue().equals(that.getValue());
    }

    @Override
    public int hashCode() {
      return module.hashCode() ^ getValue().hashCode();
    }
  }
}
