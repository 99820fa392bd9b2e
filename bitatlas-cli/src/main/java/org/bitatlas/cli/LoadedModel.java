package org.bitatlas.cli;

import java.nio.file.Path;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tensor.Device;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;

/**
 * A model ready to answer.
 *
 * @param transformer the weights
 * @param language scores and generates
 * @param tokenizer text to ids and back
 */
record LoadedModel(
    TransformerModel transformer, TransformerLanguageModel language, ChatTokenizer tokenizer)
    implements AutoCloseable {

  /** Loads a model by what the user calls it, float or quantized. */
  static LoadedModel load(String model, EngineOptions engine) {
    int threads = engine.threads();
    Execution execution = engine.execution();
    Device device = engine.device.device(execution);
    Path folder = ModelReference.folder(model);
    ChatTokenizer tokenizer = ChatTokenizers.load(folder);
    try (ModelFolder opened = FormatCatalog.open(folder)) {
      TransformerModel transformer = opened.load(engine.precision(), execution, threads, device);
      try {
        engine.execution.check(transformer, opened.quantized().isPresent());
      } catch (RuntimeException refused) {
        transformer.close();
        throw refused;
      }
      return new LoadedModel(
          transformer, new TransformerLanguageModel(transformer, threads), tokenizer);
    }
  }

  @Override
  public void close() {
    transformer.close();
  }
}
