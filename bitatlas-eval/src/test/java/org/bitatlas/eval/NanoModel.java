package org.bitatlas.eval;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.nano.Nano;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.ThinkingMode;

/** The embedded model in float32, with its suites, on two threads. */
final class NanoModel implements AutoCloseable {

  final ChatTokenizer tokenizer;
  final SuiteCatalog catalog;
  final TransformerLanguageModel language;
  private final TransformerModel model;

  private NanoModel(ChatTokenizer tokenizer, SuiteCatalog catalog, TransformerModel model) {
    this.tokenizer = tokenizer;
    this.catalog = catalog;
    this.model = model;
    this.language = new TransformerLanguageModel(model, 2);
  }

  static NanoModel open(Path cache) {
    Nano nano = Nano.open(cache);
    SuiteCatalog catalog =
        SuiteCatalog.load(
            nano.suitesFolder(), nano.suitesDescriptor(), List.of(nano.shareAlikeFolder()));
    return new NanoModel(
        ChatTokenizers.load(nano.modelFolder()), catalog, model(nano.modelFolder()));
  }

  static TransformerModel model(Path folder) {
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(folder)) {
      return TransformerModel.load(
          ArchitectureReader.read(folder.resolve("config.json")), checkpoint, Precision.FP32);
    }
  }

  Suite suite(String task) {
    return ((SuiteCatalog.Ready) catalog.entry(task)).suite();
  }

  TaskResult run(String task, Optional<ThinkingMode> mode, OptionalInt limit) {
    return TaskRunner.run(
        catalog.entry(task).task(),
        mode,
        suite(task),
        language,
        tokenizer,
        new Sampling.Greedy(),
        new RunOptions(limit, 128, Optional.empty()),
        progress -> {});
  }

  @Override
  public void close() {
    model.close();
  }
}
