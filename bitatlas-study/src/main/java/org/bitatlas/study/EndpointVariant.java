package org.bitatlas.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.Repetitions;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.eval.TaskRunner;
import org.bitatlas.eval.endpoint.Endpoint;
import org.bitatlas.eval.task.CodeTask;
import org.bitatlas.eval.task.GenerativeTask;
import org.bitatlas.eval.task.ReplyTask;
import org.bitatlas.generate.Sampling;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.scheme.ModelSize;

/** A model behind an endpoint. It keeps a journal of its own. */
final class EndpointVariant implements Workbench.Variant {
  private final EndpointSpec spec;
  private final Endpoint endpoint;
  private final RunOptions options;
  private boolean unfinished;

  EndpointVariant(EndpointSpec spec, Endpoint endpoint, RunOptions options) {
    this.spec = spec;
    this.endpoint = endpoint;
    this.options = options;
  }

  /** What identifies the row among the inputs of its records. */
  static SequencedMap<String, String> identity(
      EndpointSpec spec, RunOptions options, Map<String, String> server) {
    SequencedMap<String, String> identity = new LinkedHashMap<>();
    identity.put(Origin.INPUT, Origin.ENDPOINT);
    identity.put("label", spec.label());
    identity.put("platform", spec.platform());
    identity.putAll(server);
    identity.put("chunk", Integer.toString(options.chunkSize()));
    options
        .thinkingTokens()
        .ifPresent(tokens -> identity.put("thinking_budget", Integer.toString(tokens)));
    identity.put("version.protocol", Integer.toString(TaskRunner.BEHAVIOUR_VERSION));
    return identity;
  }

  @Override
  public Optional<ModelSize> size() {
    return Optional.empty();
  }

  @Override
  public String execution() {
    return endpoint.execution() + "; platform as stated: " + spec.platform();
  }

  @Override
  public List<LayerReport> layerReports() {
    return List.of();
  }

  @Override
  public List<String> notes() {
    return List.of();
  }

  @Override
  public Optional<String> skipReason(Workbench.Task task, Decoding decoding) {
    return refused(decoding)
        .or(() ->
            switch (((EngineTask) task).task()) {
              case GenerativeTask _, CodeTask _, ReplyTask _ -> Optional.empty();
              default -> endpoint.noScores();
            });
  }

  /** Why no server is asked to decode in this way. */
  static Optional<String> refused(Decoding decoding) {
    return decoding instanceof Decoding.Beam
        ? Optional.of(
            "beam search is not asked of a server: what it means there differs from one to another")
        : Optional.empty();
  }

  @Override
  public Optional<SequencedMap<String, String>> machine() {
    SequencedMap<String, String> machine = new LinkedHashMap<>();
    machine.put("platform", spec.platform());
    machine.put("endpoint", spec.address().toString());
    machine.put("concurrency", Integer.toString(spec.concurrency()));
    machine.put(
        "asked_from",
        Machine.describe().entrySet().stream()
            .map(fact -> fact.getKey() + " " + fact.getValue())
            .collect(Collectors.joining(", ")));
    return Optional.of(machine);
  }

  @Override
  public TaskResult evaluate(
      Workbench.Task task, Decoding decoding, CellJournal journal, IntConsumer itemsDone) {
    EngineTask known = (EngineTask) task;
    endpoint.meter().reset();
    boolean before = unfinished;
    unfinished = true;
    List<TaskResult> runs = new ArrayList<>();
    for (Sampling sampling : decoding.runs()) {
      int done = runs.size() * known.items();
      runs.add(
          TaskRunner.run(
              known.task(),
              known.mode(),
              known.suite().orElseThrow(),
              endpoint.language(),
              endpoint.tokenizer(),
              sampling,
              options.limitedTo(known.limit()),
              progress -> itemsDone.accept(done + progress.finishedItems())));
    }
    TaskResult result = Repetitions.joined(runs);
    unfinished = before || result.state() == CellState.PARTIAL;
    SequencedMap<String, Double> metrics = new LinkedHashMap<>(result.metrics());
    metrics.putAll(endpoint.meter().metrics());
    return new TaskResult(
        result.state(),
        result.reason(),
        result.primary(),
        metrics,
        result.samples(),
        result.plannedItems());
  }

  @Override
  public void close() {
    if (!unfinished) {
      endpoint.forgetAnswers();
    }
    endpoint.close();
  }
}
