package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;

/** Gathers blocks in memory. */
final class MemorySink implements BlockSink {

  private final SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
  private final SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
  private final SequencedMap<Integer, AttentionActivations> attention = new LinkedHashMap<>();
  private final SequencedMap<String, FloatTensor> floats = new LinkedHashMap<>();
  private final List<LayerReport> reports = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  @Override
  public int done() {
    return 0;
  }

  @Override
  public StateStore states() {
    return new StateStore(Optional.empty());
  }

  @Override
  public void add(int layer, BlockOutcome outcome) {
    linears.putAll(outcome.parts().linears());
    activations.putAll(outcome.parts().activations());
    if (!outcome.parts().attention().equals(AttentionActivations.NONE)) {
      attention.put(layer, outcome.parts().attention());
    }
    floats.putAll(outcome.parts().floats());
    reports.addAll(outcome.reports());
    notes.addAll(outcome.notes());
  }

  QuantizationResult result(TableRounder.Tables tables, Provenance provenance) {
    linears.putAll(tables.parts().linears());
    notes.addAll(tables.notes());
    return new QuantizationResult(
        new QuantizedCheckpoint(linears, activations, attention, floats, provenance),
        List.copyOf(reports),
        List.copyOf(notes));
  }
}
