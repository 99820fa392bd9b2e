package org.bitatlas.study;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.model.Execution;
import org.bitatlas.tensor.Device;

/**
 * What a run of a study chooses besides its specification.
 *
 * @param out folder of the record store and the report; created when absent
 * @param suite folder of suites that replaces the one of the specification
 * @param model model that replaces those of the specification
 * @param threads worker threads, at least 1
 * @param limit items per task, replaces the limit of the specification
 * @param execution how quantized layers are computed, replaces that of the specification
 * @param requireKernels whether a quantized model whose layers would not run in the arithmetic of
 *     their scheme is refused
 * @param device where models run
 */
public record StudyOptions(
    Path out,
    Optional<Path> suite,
    Optional<String> model,
    int threads,
    OptionalInt limit,
    Optional<Execution> execution,
    boolean requireKernels,
    Device device) {

  /** A run with the specification's execution that requires no kernels. */
  public StudyOptions(
      Path out, Optional<Path> suite, Optional<String> model, int threads, OptionalInt limit) {
    this(out, suite, model, threads, limit, Optional.empty(), false, Device.CPU);
  }
}
