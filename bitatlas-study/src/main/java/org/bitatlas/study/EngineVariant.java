package org.bitatlas.study;

import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.eval.TaskRunner;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.tokenizer.ChatTokenizer;

/** A loaded model, float or quantized, that answers tasks greedily. */
final class EngineVariant implements Workbench.Variant {
  private final TransformerModel model;
  private final LanguageModel language;
  private final ModelSize size;
  private final List<LayerReport> layerReports;
  private final List<String> notes;
  private final ChatTokenizer tokenizer;
  private final RunOptions options;
  private List<KernelTrace.Use> before = List.of();

  EngineVariant(
      TransformerModel model,
      LanguageModel language,
      ModelSize size,
      List<LayerReport> layerReports,
      List<String> notes,
      ChatTokenizer tokenizer,
      RunOptions options) {
    this.model = model;
    this.language = language;
    this.size = size;
    this.layerReports = layerReports;
    this.notes = notes;
    this.tokenizer = tokenizer;
    this.options = options;
  }

  @Override
  public Optional<ModelSize> size() {
    return Optional.of(size);
  }

  @Override
  public String execution() {
    return model.execution();
  }

  @Override
  public List<String> kernels() {
    return KernelLines.of(before, model.kernelUses());
  }

  @Override
  public List<LayerReport> layerReports() {
    return layerReports;
  }

  @Override
  public List<String> notes() {
    return notes;
  }

  @Override
  public TaskResult evaluate(Workbench.Task task, IntConsumer itemsDone) {
    before = model.kernelUses();
    EngineTask known = (EngineTask) task;
    return TaskRunner.run(
        known.task(),
        known.mode(),
        known.suite().orElseThrow(),
        language,
        tokenizer,
        new Sampling.Greedy(),
        options,
        progress -> itemsDone.accept(progress.finishedItems()));
  }

  @Override
  public void close() {
    model.close();
  }
}
