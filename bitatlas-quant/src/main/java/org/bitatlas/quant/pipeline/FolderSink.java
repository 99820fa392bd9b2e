package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.scheme.QuantizedFolderWriter;

/** Writes blocks into a folder as they come, with their journals. */
final class FolderSink implements BlockSink {

  private final QuantizedFolderWriter writer;
  private final StateStore states;

  FolderSink(QuantizedFolderWriter writer) {
    this.writer = writer;
    this.states = new StateStore(Optional.of(writer.workFolder()));
  }

  @Override
  public int done() {
    return writer.blocksDone();
  }

  @Override
  public StateStore states() {
    return states;
  }

  @Override
  public void add(int layer, BlockOutcome outcome) {
    BlockJournal journal = new BlockJournal(outcome.reports(), outcome.notes());
    writer.writeBlock(layer, outcome.parts(), journal.toJson());
  }

  QuantizationSummary summary(TableRounder.Tables tables, int resumed, StageClock clock) {
    List<LayerReport> reports = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    for (int layer = 0; layer < writer.blocksDone(); layer++) {
      BlockJournal journal = BlockJournal.fromJson(writer.journal(layer));
      reports.addAll(journal.reports());
      notes.addAll(journal.notes());
    }
    notes.addAll(tables.notes());
    return new QuantizationSummary(
        List.copyOf(reports), List.copyOf(notes), resumed, clock.times(), states.largest());
  }
}
