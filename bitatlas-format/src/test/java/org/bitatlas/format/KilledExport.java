package org.bitatlas.format;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.model.ModelFolder;

/** A process that exports and stops in the middle of its weights, to be killed. */
final class KilledExport {

  /** What it prints when it has written all shards but the last. */
  static final String HALFWAY = "halfway";

  static final ExportOptions OPTIONS = new ExportOptions(10_000, List.of());

  private KilledExport() {}

  /** Exports folder {@code arguments[0]} to {@code arguments[1]} and never ends. */
  public static void main(String[] arguments) {
    try (ModelFolder opened = ModelFolder.open(Path.of(arguments[0]))) {
      ExportSource source = ExportSource.of(opened);
      ExportPlan plan = new GptqWriter().plan(source);
      WeightFiles.Safetensors weights = (WeightFiles.Safetensors) plan.weights();
      List<TensorData> tensors = new ArrayList<>(weights.tensors());
      TensorData last = tensors.removeLast();
      tensors.add(
          new TensorData(
              last.name(),
              last.type(),
              last.shape(),
              () -> {
                System.out.println(HALFWAY);
                sleep();
                return last.bytes().get();
              }));
      ExportPlan stopping =
          new ExportPlan(
              plan.format(),
              new WeightFiles.Safetensors(weights.stem(), tensors, weights.metadata()),
              plan.files(),
              plan.carriesModelFiles(),
              plan.notes());
      new CheckpointExport(source, stopping, OPTIONS).write(Path.of(arguments[1]));
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(600_000);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
