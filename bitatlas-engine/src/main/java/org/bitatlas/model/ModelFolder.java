package org.bitatlas.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;

/**
 * A folder with a model, float or quantized, opened and checked: every tensor the architecture
 * needs is there in its shape.
 *
 * @param folder the folder
 * @param architecture from its {@code config.json}
 * @param checkpoint the stored tensors; of a quantized folder, those that are not codes
 * @param quantized the quantized linears of a folder written by BitAtlas
 */
public record ModelFolder(
    Path folder,
    Architecture architecture,
    Checkpoint checkpoint,
    Optional<QuantizedCheckpoint> quantized)
    implements AutoCloseable {

  /**
   * Opens a folder that holds {@code config.json} and safetensors.
   *
   * @throws BitAtlasException when there is no such folder, or it does not hold a supported and
   *     complete model
   */
  public static ModelFolder open(Path folder) {
    return map(folder).inMemory();
  }

  /**
   * As {@link #open}, with quantized linears that are read when they are asked for and not kept, so
   * that the model may be larger than memory; see {@link org.bitatlas.scheme.MappedLinears}.
   *
   * @throws BitAtlasException as {@link #open}, but of quantized linears when they are read
   */
  public static ModelFolder map(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new BitAtlasException(
          "There is no model folder %s; give a folder with config.json and safetensors files."
              .formatted(folder));
    }
    Architecture architecture = ArchitectureReader.read(folder.resolve("config.json"));
    ModelFolder opened;
    if (QuantizedCheckpointFolder.isQuantized(folder)) {
      QuantizedCheckpointFolder.Opened parts = QuantizedCheckpointFolder.map(folder);
      opened =
          new ModelFolder(folder, architecture, parts.floatParts(), Optional.of(parts.quantized()));
    } else {
      opened =
          new ModelFolder(
              folder, architecture, SafetensorsCheckpoint.open(folder), Optional.empty());
    }
    try {
      opened.check();
      return opened;
    } catch (RuntimeException refused) {
      opened.close();
      throw refused;
    }
  }

  /**
   * The same with all quantized linears in memory. Closes this folder when it fails.
   *
   * @throws BitAtlasException when one is damaged
   */
  public ModelFolder inMemory() {
    try {
      return new ModelFolder(
          folder, architecture, checkpoint, quantized.map(QuantizedCheckpoint::inMemory));
    } catch (RuntimeException | Error damaged) {
      close();
      throw damaged;
    }
  }

  private void check() {
    if (quantized.isPresent()) {
      CheckpointValidation.check(architecture, checkpoint, quantized.get());
    } else {
      CheckpointValidation.check(architecture, checkpoint);
    }
  }

  /** Loads the model to be run, quantized layers simulated; the folder may be closed afterwards. */
  public TransformerModel load(Precision precision) {
    return load(precision, Execution.SIMULATED, 1);
  }

  /**
   * Loads the model to be run; the folder may be closed afterwards.
   *
   * @param execution how a quantized model is computed
   * @param threads threads that share the products of one sequence
   */
  public TransformerModel load(Precision precision, Execution execution, int threads) {
    return load(precision, execution, threads, Device.CPU);
  }

  /**
   * Loads the model to a device; the folder may be closed afterwards.
   *
   * @throws BitAtlasException where there is no such device or it has no kernels for the execution
   */
  public TransformerModel load(
      Precision precision, Execution execution, int threads, Device device) {
    return quantized.isPresent()
        ? TransformerModel.load(
            architecture, checkpoint, quantized.get(), precision, execution, threads, device)
        : TransformerModel.load(architecture, checkpoint, precision, threads, device);
  }

  /** Closes the checkpoint. */
  @Override
  public void close() {
    checkpoint.close();
  }
}
