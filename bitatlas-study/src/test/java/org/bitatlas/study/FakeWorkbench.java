package org.bitatlas.study;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.Repetitions;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.generate.Sampling;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.scheme.ModelSize;

/**
 * A workbench without a model: item i of a task is right with a chance that falls with the bits,
 * from a generator seeded by the item alone, so that rows are paired as real ones are. At two bits
 * round to nearest collapses.
 */
public final class FakeWorkbench implements Workbench {
  private static final String CONFIGURATION =
      "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\", \"hidden_size\": 256,"
          + " \"intermediate_size\": 768, \"num_hidden_layers\": 6, \"num_attention_heads\": 8,"
          + " \"num_key_value_heads\": 4, \"vocab_size\": 2048, \"rms_norm_eps\": 1e-5,"
          + " \"max_position_embeddings\": 2048, \"rope_theta\": 10000.0}";

  /** Columns that the float model gets wrong, so that no other model is asked. */
  static final Set<String> UNINFORMATIVE =
      Set.of("gsm_nano no_think", "chain_nano no_think", "facts_nano no_think");

  /** A text that would break a page or a table that does not escape. */
  public static final String HOSTILE =
      "</script><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} {% raw %} | `x`"
          + " \u2028 ]]> --> &amp; \"'";

  final List<String> quantized = new ArrayList<>();
  final List<String> evaluated = new ArrayList<>();
  final int items;
  String weights = "a".repeat(64);
  Optional<String> failingRecipe = Optional.empty();
  final List<String> asking = new ArrayList<>();
  Optional<String> failingItem = Optional.empty();
  Optional<String> failingTask = Optional.empty();
  Optional<String> unluckyDecoder = Optional.empty();
  long millisecondsPerItem;

  public FakeWorkbench(int items) {
    this.items = items;
  }

  @Override
  public Model open(String name) {
    return new FakeModel();
  }

  private final class FakeModel implements Model {
    @Override
    public SequencedMap<String, String> identity() {
      SequencedMap<String, String> identity = new LinkedHashMap<>();
      identity.put("weights", weights);
      identity.put("tokenizer", "b".repeat(64));
      identity.put("precision", "FP32");
      identity.put("kernels", "none");
      return identity;
    }

    @Override
    public SequencedMap<String, String> calibration(StudyRecipe row) {
      String digest =
          row.calibration().map(own -> RecordKey.sha256(own.words())).orElse("c".repeat(64));
      return new LinkedHashMap<>(Map.of("calibration", digest));
    }

    @Override
    public SequencedMap<String, String> allocation(Recipe recipe) {
      return new LinkedHashMap<>();
    }

    @Override
    public Task prepare(StudyTask task) {
      return new FakeTask(task);
    }

    @Override
    public Variant floatVariant() {
      return new FakeVariant(Optional.empty(), false);
    }

    @Override
    public Variant floatAgain() {
      return new FakeVariant(Optional.empty(), true);
    }

    @Override
    public String againHow() {
      return "in other batches";
    }

    @Override
    public Variant quantize(StudyRecipe row) {
      Recipe recipe = row.recipe().orElseThrow();
      String label = recipe.method() + " W" + recipe.bits();
      quantized.add(label);
      if (failingRecipe.filter(label::equals).isPresent()) {
        throw new IllegalStateException("no memory for " + HOSTILE);
      }
      return new FakeVariant(Optional.of(recipe), false);
    }

    @Override
    public void close() {}
  }

  private final class FakeTask implements Task {
    private final StudyTask column;

    FakeTask(StudyTask column) {
      this.column = column;
    }

    @Override
    public SequencedMap<String, String> inputs() {
      return new LinkedHashMap<>(Map.of("data", RecordKey.sha256(column.label())));
    }

    @Override
    public Metric metric() {
      return column.task().startsWith("wikitext") ? Metric.PERPLEXITY : Metric.ACCURACY;
    }

    @Override
    public int items() {
      return items;
    }

    @Override
    public boolean generates() {
      return metric() == Metric.ACCURACY && !column.task().endsWith("_choices");
    }

    @Override
    public double chance() {
      // With few items nothing is clearly above a coin.
      return column.task().startsWith("bool") ? items < 100 ? 0.1 : 0.5 : 0;
    }

    @Override
    public Optional<String> skipReason() {
      boolean code = column.task().startsWith("humaneval") || column.task().startsWith("mbpp");
      return code ? Optional.of("needs the sandbox") : Optional.empty();
    }
  }

  private final class FakeVariant implements Variant {
    private final Optional<Recipe> recipe;
    private final boolean again;

    FakeVariant(Optional<Recipe> recipe, boolean again) {
      this.recipe = recipe;
      this.again = again;
    }

    @Override
    public Optional<ModelSize> size() {
      int bits = recipe.map(Recipe::bits).orElse(16);
      long linear = 4_700_000L * bits / 8 + (bits < 16 ? 40_000 : 0);
      return Optional.of(new ModelSize(1_100_000 + linear, linear, linear * 8 / 4_700_000.0));
    }

    @Override
    public String execution() {
      return recipe.isEmpty() ? "float: FP32" : "simulated: 42 layers dequantized once";
    }

    @Override
    public Optional<String> configuration() {
      return recipe.isEmpty() ? Optional.of(CONFIGURATION) : Optional.empty();
    }

    @Override
    public List<LayerReport> layerReports() {
      return recipe.map(FakeLayers::of).orElse(List.of());
    }

    @Override
    public List<String> notes() {
      return List.of();
    }

    @Override
    public TaskResult evaluate(
        Task task, Decoding decoding, CellJournal journal, IntConsumer itemsDone) {
      List<TaskResult> runs = new ArrayList<>();
      for (Sampling run : decoding.runs()) {
        runs.add(evaluate(task, run, journal, itemsDone));
      }
      return Repetitions.joined(runs);
    }

    private TaskResult evaluate(
        Task task, Sampling run, CellJournal journal, IntConsumer itemsDone) {
      StudyTask column = ((FakeTask) task).column;
      evaluated.add(label() + " " + column.label());
      if (failingTask.filter(column.task()::equals).isPresent()) {
        throw new IllegalStateException("broken on purpose");
      }
      boolean collapsed = label().equals("RTN W2") && task.metric() == Metric.ACCURACY;
      int asked = collapsed ? Math.max(1, items / 3) : items;
      List<SampleRecord> samples = new ArrayList<>();
      for (int i = 0; i < asked; i++) {
        samples.add(sample(column, task.metric(), i, collapsed));
        if (journal.recall(i).isEmpty()) {
          asking.add(label() + " " + column.label() + " " + i);
          pause();
          if (failingItem.filter(item -> item.equals(asking.getLast())).isPresent()) {
            throw new IllegalStateException("the machine went away");
          }
          journal.keep(i, new byte[] {1});
        }
        itemsDone.accept(i + 1);
      }
      if (run instanceof Sampling.Greedy && label().equals(unluckyDecoder.orElse(""))) {
        samples.replaceAll(sample -> sample.index() % 2 == 0 ? wrong(sample) : sample);
      }
      double right = samples.stream().filter(SampleRecord::correct).count();
      double primary =
          task.metric() == Metric.ACCURACY
              ? right / asked
              : Math.exp(
                  samples.stream().mapToDouble(s -> s.measures().get("nll") / 255).sum() / asked);
      SequencedMap<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("n", (double) asked);
      return new TaskResult(
          collapsed ? CellState.COLLAPSED : CellState.OK,
          collapsed ? "0 of " + asked + " right; rule: " + HOSTILE : "",
          primary,
          metrics,
          samples,
          items);
    }

    private static SampleRecord wrong(SampleRecord sample) {
      return new SampleRecord(
          sample.index(),
          sample.promptDigest(),
          sample.prompt(),
          sample.expected(),
          sample.output(),
          "none",
          false,
          sample.generatedTokens(),
          sample.outcome(),
          sample.measures());
    }

    private void pause() {
      if (millisecondsPerItem > 0) {
        try {
          Thread.sleep(millisecondsPerItem);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private String label() {
      return recipe
          .map(r -> r.method() + " W" + r.bits())
          .orElse(again ? StudyRecipe.AGAIN_LABEL : StudyRecipe.FLOAT_LABEL);
    }

    private SampleRecord sample(StudyTask column, Metric metric, int index, boolean collapsed) {
      SplittableRandom random = new SplittableRandom(31L * column.label().hashCode() + index);
      double difficulty = random.nextDouble();
      SplittableRandom own = new SplittableRandom(label().hashCode() * 7919L + index);
      boolean hopeless = label().equals("float") && UNINFORMATIVE.contains(column.label());
      boolean correct =
          !hopeless && !collapsed && difficulty + 0.02 * own.nextDouble() < skill(column);
      SequencedMap<String, Double> measures = new LinkedHashMap<>();
      if (metric == Metric.PERPLEXITY) {
        double loss = 4 + difficulty / 10 + 3 * (1 - skill(column)) + 0.01 * own.nextDouble();
        measures.put("nll", 255 * loss);
        measures.put("tokens", 255.0);
        return new SampleRecord(
            index,
            RecordKey.sha256(column.label() + index),
            "",
            "",
            "",
            "",
            true,
            0,
            "SCORED",
            measures);
      }
      measures.put("truncated", collapsed ? 1.0 : 0.0);
      measures.put("rep_4", collapsed ? 0.9 : 0.1);
      measures.put("tail_loop", collapsed ? 1.0 : 0.0);
      if (collapsed) {
        measures.put("tail_loop_onset", 12.0);
      }
      measures.put("answer_seen", correct || own.nextInt(3) == 0 ? 1.0 : 0.0);
      String answer = correct ? Integer.toString(index) : Integer.toString(index + 1);
      return new SampleRecord(
          index,
          RecordKey.sha256(column.label() + index),
          "Item " + index + ": a=" + index + ";b=a+3;c=b*2; c=? " + (index == 0 ? HOSTILE : ""),
          Integer.toString(index),
          collapsed
              ? "[unused16] " + "9 ".repeat(30)
              : "[unused16]b=a+3;c=b*2 " + (index == 0 ? HOSTILE : "") + "[unused17]#### " + answer,
          collapsed ? "" : answer,
          correct,
          collapsed ? 80 : 20 + own.nextInt(20),
          collapsed ? "UNCLOSED" : "CLOSED",
          measures);
    }

    private double skill(StudyTask column) {
      Map<Integer, Double> loss = new HashMap<>(Map.of(16, 0.0, 8, 0.001, 4, 0.02, 3, 0.15));
      double lost = loss.getOrDefault(recipe.map(Recipe::bits).orElse(16), 0.8);
      if (recipe.filter(Recipe::needsCalibration).isPresent()) {
        lost *= 0.6;
      }
      double hard = column.task().startsWith("chain") ? 0.91 : 0.98;
      return hard * (1 - (column.task().startsWith("chain") ? 1.6 : 1) * lost);
    }

    @Override
    public void close() {}
  }
}
