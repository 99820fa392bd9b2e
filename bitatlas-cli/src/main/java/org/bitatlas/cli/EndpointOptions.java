package org.bitatlas.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.bitatlas.eval.endpoint.Endpoint;
import org.bitatlas.eval.endpoint.EndpointAddress;
import org.bitatlas.study.EndpointSpec;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.ThinkingMode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A model behind an OpenAI-compatible endpoint in place of one that is loaded here. */
final class EndpointOptions {

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description =
          "Ask an OpenAI-compatible server (vLLM, vLLM-Ascend); MODEL is then its id there"
              + " (default: the only one). A key goes into BITATLAS_ENDPOINT_KEY.")
  Optional<String> endpoint = Optional.empty();

  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "What is served, as the map shows it; required with --endpoint.")
  Optional<String> label = Optional.empty();

  @Option(
      names = "--platform",
      paramLabel = "TEXT",
      description = "What it runs on, for example 'Ascend 910B'; required with --endpoint.")
  Optional<String> platform = Optional.empty();

  @Option(
      names = "--tokenizer",
      paramLabel = "MODEL",
      description =
          "The served model's tokenizer and template: nano, a folder or a hub id. Prompts are then"
              + " token ids, as in a local run (default: the server's chat).")
  Optional<String> tokenizer = Optional.empty();

  @Option(
      names = "--beside",
      paramLabel = "MODEL",
      description =
          "Stand on the map beside the float model of this name of a study in --out"
              + " (default: alone).")
  Optional<String> beside = Optional.empty();

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description = "Requests under way at a time (default: ${DEFAULT-VALUE}).",
      defaultValue = "" + EndpointSpec.CONCURRENCY)
  int concurrency = EndpointSpec.CONCURRENCY;

  @Option(
      names = "--timeout",
      paramLabel = "S",
      description = "Seconds one request may take (default: ${DEFAULT-VALUE}).",
      defaultValue = "" + EndpointSpec.TIMEOUT)
  int timeout = EndpointSpec.TIMEOUT;

  @Option(
      names = "--chat-template-kwargs",
      paramLabel = "JSON",
      description = "Arguments for the template of the server's chat.")
  Optional<String> templateArguments = Optional.empty();

  @Mixin StudyCommand.OutputFolder output;

  /** The row, as its options say. */
  EndpointSpec spec(Optional<String> model) {
    if (label.isEmpty() || platform.isEmpty()) {
      throw new UsageException(
          "--endpoint needs --label and --platform: nobody here can tell what is served, or on"
              + " what.");
    }
    if (concurrency < 1 || concurrency > EndpointSpec.MOST_CONCURRENCY || timeout < 1) {
      throw new UsageException(
          "--concurrency is %d and --timeout %d; give 1 to %d, and at least 1."
              .formatted(concurrency, timeout, EndpointSpec.MOST_CONCURRENCY));
    }
    return new EndpointSpec(
        label.get(),
        platform.get(),
        EndpointAddress.parse(endpoint.orElseThrow()),
        model,
        Optional.empty(),
        concurrency,
        Duration.ofSeconds(timeout));
  }

  /** What is wanted of the server. */
  Endpoint.Wanted wanted(Optional<String> model, Optional<ThinkingMode> mode) {
    return new Endpoint.Wanted(
        model,
        tokenizer.map(ModelReference::folder).map(ChatTokenizers::load),
        mode,
        templateArguments,
        Optional.empty());
  }

  /** Folder of the records. */
  Path out() {
    return output.folder();
  }
}
