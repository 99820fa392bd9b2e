package org.bitatlas.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.bitatlas.eval.Repetitions;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.eval.TaskRunner;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ReferencedLanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.tokenizer.ChatTokenizer;

/** A loaded model, float or quantized, that answers tasks greedily. */
final class EngineVariant implements Workbench.Variant {
  private final TransformerModel model;
  private final Language language;
  private final ModelSize size;
  private final List<LayerReport> layerReports;
  private final List<String> notes;
  private final Optional<String> configuration;
  private final ChatTokenizer tokenizer;
  private final RunOptions options;
  private List<KernelTrace.Use> before = List.of();

  /**
   * A model as language model.
   *
   * @param plain itself
   * @param drafted with the replies of its relatives as drafts
   * @param reference loads the float model, where the distance to it is measured
   */
  record Language(
      TransformerLanguageModel plain,
      LanguageModel drafted,
      Optional<Supplier<TransformerModel>> reference) {}

  EngineVariant(
      TransformerModel model,
      Language language,
      ModelSize size,
      List<LayerReport> layerReports,
      List<String> notes,
      Optional<String> configuration,
      ChatTokenizer tokenizer,
      RunOptions options) {
    this.model = model;
    this.language = language;
    this.size = size;
    this.layerReports = layerReports;
    this.notes = notes;
    this.configuration = configuration;
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
  public Optional<String> configuration() {
    return configuration;
  }

  @Override
  public TaskResult evaluate(
      Workbench.Task task, Decoding decoding, CellJournal journal, IntConsumer itemsDone) {
    before = model.kernelUses();
    EngineTask known = (EngineTask) task;
    if (known.metric() == Metric.PERPLEXITY && language.reference().isPresent()) {
      try (TransformerModel reference = language.reference().get().get()) {
        return asked(
            known,
            new JournaledLanguageModel(
                new ReferencedLanguageModel(language.plain(), reference), journal),
            new Sampling.Greedy(),
            itemsDone);
      }
    }
    LanguageModel journaled = new JournaledLanguageModel(language.drafted(), journal);
    List<TaskResult> runs = new ArrayList<>();
    for (Sampling sampling : decoding.runs()) {
      int before = runs.size() * known.items();
      runs.add(asked(known, journaled, sampling, done -> itemsDone.accept(before + done)));
    }
    return Repetitions.joined(runs);
  }

  private TaskResult asked(
      EngineTask task, LanguageModel asked, Sampling sampling, IntConsumer itemsDone) {
    return TaskRunner.run(
        task.task(),
        task.mode(),
        task.suite().orElseThrow(),
        asked,
        tokenizer,
        sampling,
        options.limitedTo(task.limit()),
        progress -> itemsDone.accept(progress.finishedItems()));
  }

  @Override
  public void close() {
    model.close();
  }
}
