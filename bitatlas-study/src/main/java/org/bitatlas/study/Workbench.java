package org.bitatlas.study;

import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.IntConsumer;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.scheme.ModelSize;

/**
 * What a study needs of the rest of BitAtlas: to open a model, quantize it and ask it tasks.
 * Implemented by {@link EngineWorkbench}; tests use hand-written fakes.
 */
public interface Workbench {

  /**
   * Opens a model by the name it has in the specification.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when it cannot be found or read
   */
  Model open(String name);

  /** An opened float model with everything around it. */
  interface Model extends AutoCloseable {

    /**
     * What identifies the model and the way it is run: digests of weights, tokenizer and template,
     * precision, kernels, behaviour versions.
     */
    SequencedMap<String, String> identity();

    /**
     * The calibration of a row as record key inputs, with the digest of its tokens.
     *
     * @param row its own calibration counts, or the study's where it has none
     */
    SequencedMap<String, String> calibration(StudyRecipe row);

    /** What decides the bits of an adaptive recipe, beside its options, as record key inputs. */
    SequencedMap<String, String> allocation(Recipe recipe);

    /** The task as this model will be asked it; asks nothing yet. */
    Task prepare(StudyTask task);

    /** The float model, ready to answer. */
    Variant floatVariant();

    /** The float model in other batches, so that its sums are rounded in another order. */
    Variant floatAgain();

    /** What is different in {@link #floatAgain}, as one line; part of the key of its records. */
    String againHow();

    /** What identifies an endpoint's row, as {@link #identity} does the others. */
    default SequencedMap<String, String> endpointIdentity(EndpointSpec endpoint) {
      throw new UnsupportedOperationException(endpoint.label());
    }

    /** The same model behind an endpoint. */
    default Variant endpoint(EndpointSpec endpoint) {
      throw new UnsupportedOperationException(endpoint.label());
    }

    /**
     * What a quantized checkpoint of this model is.
     *
     * @throws org.bitatlas.tensor.BitAtlasException when it cannot be read, is not quantized or is
     *     one of another model
     */
    default CheckpointFacts checkpointFacts(CheckpointSpec checkpoint) {
      throw new UnsupportedOperationException(checkpoint.label());
    }

    /** The checkpoint of a row, in the row's arithmetic, ready to answer. */
    default Variant checkpoint(StudyRecipe row) {
      throw new UnsupportedOperationException(row.label());
    }

    /**
     * The model under the recipe of a row, on the row's calibration and in its arithmetic, ready to
     * answer.
     */
    Variant quantize(StudyRecipe row);

    @Override
    void close();
  }

  /** A task, read and checked. */
  interface Task {

    /** Digest of the data, budget, protocol version: everything that decides the result. */
    SequencedMap<String, String> inputs();

    /** What the task measures. */
    Metric metric();

    /** Items to ask, each once. */
    int items();

    /** Whether the model writes replies, so that it matters how they are decoded. */
    boolean generates();

    /** Accuracy of guessing, 0 when there is none. */
    double chance();

    /** Why the task cannot be asked, if it cannot. */
    Optional<String> skipReason();
  }

  /** A model with its weights in place. */
  interface Variant extends AutoCloseable {

    /** Memory of the weights; empty where they are not here. */
    Optional<ModelSize> size();

    /** How the linear layers run, in words. */
    String execution();

    /**
     * Which kernels the quantized layers ran on in the last {@link #evaluate}, a line each; empty
     * where they ran in float.
     */
    default List<String> kernels() {
      return List.of();
    }

    /** What quantization did to each layer, in model order; empty for the float model. */
    List<LayerReport> layerReports();

    /** What quantization had to report. */
    List<String> notes();

    /** Why this model cannot be asked a task, decoded in this way, if it cannot. */
    default Optional<String> skipReason(Task task, Decoding decoding) {
      return Optional.empty();
    }

    /** What it runs on, for the provenance of a record; empty for this machine. */
    default Optional<SequencedMap<String, String>> machine() {
      return Optional.empty();
    }

    /**
     * The {@code config.json} of a float model in one line, for the provenance of its records: from
     * it a report knows the model's shape. Empty for other rows.
     */
    default Optional<String> configuration() {
      return Optional.empty();
    }

    /**
     * Asks a task of {@link Model#prepare}.
     *
     * @param decoding how replies are decoded; each of its runs asks all items
     * @param journal what was answered before, and where answers are kept
     * @param itemsDone told how many items are done, from any thread; what it throws ends the
     *     evaluation
     */
    TaskResult evaluate(Task task, Decoding decoding, CellJournal journal, IntConsumer itemsDone);

    @Override
    void close();
  }
}
