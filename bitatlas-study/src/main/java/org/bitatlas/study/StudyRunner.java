package org.bitatlas.study;

import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.eval.endpoint.Endpoint;
import org.bitatlas.tokenizer.ThinkingProtocol;

/**
 * Runs the grid of a study: models x recipes x tasks, the float model first. Cells that are in the
 * store are left as they are; a recipe is quantized only when one of its cells is missing. A
 * finished cell is stored at once; a cell that fails is recorded as FAILED and the study goes on.
 */
public final class StudyRunner {
  private final Workbench workbench;
  private final InstantSource clock;

  /** A runner over a workbench; {@code clock} dates the records. */
  public StudyRunner(Workbench workbench, InstantSource clock) {
    this.workbench = workbench;
    this.clock = clock;
  }

  /**
   * Runs a study on this machine's engine, with the store in {@code options.out()}. One process
   * works on a folder at a time.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when a model or suite cannot be read, or another
   *     process works on the folder
   */
  public static StudyOutcome run(StudySpec spec, StudyOptions options, StudyListener listener) {
    StudySpec chosen = spec.with(options);
    try (StudyLock lock = StudyLock.acquire(options.out());
        RunStore store = RunStore.open(lock.folder())) {
      Workbench workbench = new EngineWorkbench(chosen, options);
      return new StudyRunner(workbench, InstantSource.system()).run(chosen, store, listener);
    }
  }

  /**
   * Asks a model behind an endpoint the tasks of a suite, with the store in {@code out}. No engine
   * and no native library is touched, and the plan of a study in the same store stays.
   *
   * @param beside name of a study's model to stand beside on the map; empty to stand alone, under
   *     the name that the server has for the model
   * @param asked the endpoint, what is wanted of it, and how it is asked
   * @param tasks which tasks to ask, told what the server supports
   * @param out folder of the record store
   * @throws org.bitatlas.tensor.BitAtlasException when the server cannot be asked, or another
   *     process works on the folder
   */
  public static StudyOutcome run(
      Optional<String> beside,
      EndpointQuestion asked,
      Function<ThinkingProtocol, List<StudyTask>> tasks,
      Path out,
      StudyListener listener) {
    try (StudyLock lock = StudyLock.acquire(out);
        RunStore store = RunStore.open(lock.folder());
        Endpoint endpoint =
            Endpoint.connect(
                asked.endpoint().settings(), EndpointWorkbench.journaled(asked.wanted(), out))) {
      StudySpec spec =
          StudySpec.ofEndpoint(
              beside.orElse(endpoint.facts().model()),
              asked.endpoint(),
              tasks.apply(endpoint.tokenizer().thinking()),
              asked.options().collapse());
      Workbench workbench =
          new EndpointWorkbench(asked.endpoint(), endpoint, asked.catalog(), asked.options());
      return new StudyRunner(workbench, InstantSource.system()).run(spec, store, listener);
    }
  }

  /** Runs a study; interrupting the thread or {@link StudyListener#cancelled} stops it. */
  public StudyOutcome run(StudySpec spec, RunStore store, StudyListener listener) {
    List<Workbench.Model> models = new ArrayList<>();
    try {
      List<Grid> grids = new ArrayList<>();
      for (String name : spec.models()) {
        Workbench.Model model = workbench.open(name);
        models.add(model);
        grids.add(Grid.plan(name, model, spec));
      }
      return new Pass(grids, store, listener).run();
    } finally {
      models.forEach(Workbench.Model::close);
    }
  }

  /** One pass over all grids. */
  private final class Pass {
    private final List<Grid> grids;
    private final RunStore store;
    private final StudyListener listener;
    private final TimeLeft timeLeft = new TimeLeft();
    private final List<PlannedCell> plan;
    private final List<Grid.Cell> missing = new ArrayList<>();
    private volatile boolean cancelled;
    private int evaluated;
    private int failed;

    Pass(List<Grid> grids, RunStore store, StudyListener listener) {
      this.grids = grids;
      this.store = store;
      this.listener = listener;
      this.plan =
          grids.stream()
              .flatMap(grid -> grid.rows().stream())
              .flatMap(row -> row.cells().stream())
              .map(Grid.Cell::planned)
              .toList();
    }

    StudyOutcome run() {
      // Rows of endpoints alone are guests of the map of the study that ran last.
      boolean guests =
          grids.stream()
              .flatMap(grid -> grid.rows().stream())
              .allMatch(row -> row.recipe().endpoint().isPresent());
      if (!guests) {
        store.putPlan(plan);
      }
      for (Grid grid : grids) {
        for (Grid.Row row : grid.rows()) {
          for (Grid.Cell cell : row.cells()) {
            Optional<RunRecord> record = store.record(cell.planned().key());
            record.ifPresent(timeLeft::measured);
            if (record.filter(RunRecord::isFinal).isEmpty()) {
              missing.add(cell);
            }
          }
        }
      }
      int reused = plan.size() - missing.size();
      listener.planned(plan, reused);
      for (Grid grid : grids) {
        for (Grid.Row row : grid.rows()) {
          List<Grid.Cell> open = row.cells().stream().filter(missing::contains).toList();
          if (!open.isEmpty() && !stopped()) {
            fill(grid, row, open);
          }
        }
      }
      return new StudyOutcome(plan.size(), reused, evaluated, failed, cancelled);
    }

    private void fill(Grid grid, Grid.Row row, List<Grid.Cell> open) {
      List<Grid.Cell> askable = new ArrayList<>();
      for (Grid.Cell cell : open) {
        Optional<String> skip = cell.task().skipReason().or(() -> uninformative(grid, row, cell));
        if (skip.isPresent()) {
          begin(cell);
          finish(cell, Optional.empty(), outcome(cell, CellState.SKIPPED, skip.get()), 0);
        } else {
          askable.add(cell);
        }
      }
      if (askable.isEmpty()) {
        return;
      }
      Workbench.Variant variant;
      try {
        variant = variant(grid, row);
      } catch (RuntimeException e) {
        if (stopped()) {
          return;
        }
        for (Grid.Cell cell : askable) {
          begin(cell);
          finish(cell, Optional.empty(), outcome(cell, CellState.FAILED, reason(e)), 0);
        }
        return;
      }
      try (variant) {
        for (Grid.Cell cell : askable) {
          if (stopped()) {
            return;
          }
          Optional<String> skip = variant.skipReason(cell.task(), cell.decoding());
          if (skip.isPresent()) {
            begin(cell);
            finish(cell, Optional.of(variant), outcome(cell, CellState.SKIPPED, skip.get()), 0);
          } else {
            evaluate(cell, variant);
          }
        }
      }
    }

    /** Why a quantized model need not be asked: float, asked before, has little to lose. */
    private Optional<String> uninformative(Grid grid, Grid.Row row, Grid.Cell cell) {
      if (row.recipe().isFloat()) {
        return Optional.empty();
      }
      return grid.rows().stream()
          .filter(other -> other.recipe().isFloat())
          .flatMap(other -> other.cells().stream())
          .filter(other -> other.planned().column().equals(cell.planned().column()))
          .findFirst()
          .flatMap(floatCell -> store.record(floatCell.planned().key()))
          .flatMap(RunRecord::uninformative);
    }

    private Workbench.Variant variant(Grid grid, Grid.Row row) {
      if (row.recipe().endpoint().isPresent()) {
        return grid.model().endpoint(row.recipe().endpoint().get());
      }
      if (row.recipe().checkpoint().isPresent()) {
        return grid.model().checkpoint(row.recipe());
      }
      if (row.recipe().recipe().isEmpty()) {
        return row.recipe().isAgain() ? grid.model().floatAgain() : grid.model().floatVariant();
      }
      listener.quantizing(grid.name(), row.recipe().label());
      long start = System.nanoTime();
      Workbench.Variant variant = grid.model().quantize(row.recipe());
      timeLeft.quantized(row.recipe().method(), seconds(start));
      store.putLayerReports(row.quantizationKey(), variant.layerReports());
      return variant;
    }

    private void evaluate(Grid.Cell cell, Workbench.Variant variant) {
      begin(cell);
      ItemCounter counter = new ItemCounter(cell);
      StoredJournal journal = new StoredJournal(store, cell.planned().key());
      long start = System.nanoTime();
      TaskResult result;
      try {
        result = variant.evaluate(cell.task(), cell.decoding(), journal, counter);
      } catch (RuntimeException e) {
        if (stopped()) {
          return;
        }
        result = outcome(cell, CellState.FAILED, reason(e));
      }
      if (!stopped() || result.state() != CellState.PARTIAL) {
        double seconds = journal.secondsBefore() + seconds(start);
        finish(cell, Optional.of(variant), result, seconds);
      }
    }

    private void begin(Grid.Cell cell) {
      listener.cellStarted(cell.planned(), plan.indexOf(cell.planned()) + 1, plan.size());
    }

    private void finish(
        Grid.Cell cell, Optional<Workbench.Variant> variant, TaskResult result, double seconds) {
      RunRecord record = record(cell, variant, result, seconds);
      store.put(record, result.samples());
      missing.remove(cell);
      timeLeft.measured(record);
      evaluated++;
      failed += result.state() == CellState.FAILED ? 1 : 0;
      listener.cellFinished(record, plan.indexOf(cell.planned()) + 1, plan.size());
    }

    private boolean stopped() {
      cancelled |= Thread.currentThread().isInterrupted() || listener.cancelled();
      return cancelled;
    }

    /** Counts the items of a cell and ends it when the study is cancelled. */
    private final class ItemCounter implements IntConsumer {
      private final Grid.Cell cell;

      ItemCounter(Grid.Cell cell) {
        this.cell = cell;
      }

      @Override
      public synchronized void accept(int done) {
        if (stopped()) {
          throw new CancellationException("the study was cancelled");
        }
        listener.progress(
            new StudyProgress(
                cell.planned(),
                plan.indexOf(cell.planned()) + 1,
                plan.size(),
                done,
                timeLeft.estimate(
                    missing.stream().map(Grid.Cell::planned).toList(), cell.planned(), done)));
      }
    }
  }

  private RunRecord record(
      Grid.Cell cell, Optional<Workbench.Variant> variant, TaskResult result, double seconds) {
    PlannedCell planned = cell.planned();
    List<SampleRecord> samples = result.samples();
    return new RunRecord(
        planned.key(),
        cell.inputs(),
        planned.model(),
        planned.recipe(),
        planned.method(),
        planned.bits(),
        planned.task(),
        planned.mode(),
        planned.metric(),
        result.state(),
        result.reason(),
        result.primary(),
        samples.size(),
        result.plannedItems(),
        Math.toIntExact(samples.stream().filter(SampleRecord::correct).count()),
        cell.task().chance(),
        result.metrics(),
        seconds,
        samples.stream().mapToLong(SampleRecord::generatedTokens).sum(),
        variant.flatMap(Workbench.Variant::size),
        variant.map(Workbench.Variant::execution).orElse(""),
        variant.map(Workbench.Variant::notes).orElse(List.of()),
        planned.quantizationKey(),
        provenance(variant, cell.study()),
        planned.decoding());
  }

  private SequencedMap<String, String> provenance(
      Optional<Workbench.Variant> variant, String study) {
    SequencedMap<String, String> provenance = new LinkedHashMap<>();
    provenance.put("time", Instant.ofEpochSecond(clock.instant().getEpochSecond()).toString());
    provenance.putAll(variant.flatMap(Workbench.Variant::machine).orElseGet(Machine::describe));
    if (!study.isEmpty()) {
      provenance.put(Reproduction.STUDY, study);
    }
    variant
        .flatMap(Workbench.Variant::configuration)
        .ifPresent(text -> provenance.put(ModelConfiguration.PROVENANCE, text));
    List<String> kernels = variant.map(Workbench.Variant::kernels).orElse(List.of());
    if (!kernels.isEmpty()) {
      provenance.put("kernels", String.join("\n", kernels));
    }
    return provenance;
  }

  private static TaskResult outcome(Grid.Cell cell, CellState state, String reason) {
    return new TaskResult(
        state, reason, Double.NaN, new LinkedHashMap<>(), List.of(), cell.task().items());
  }

  private static String reason(RuntimeException e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.toString() : message;
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
