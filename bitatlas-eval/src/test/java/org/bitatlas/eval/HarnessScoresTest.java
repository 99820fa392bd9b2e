package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.eval.task.HarnessCatalog;
import org.bitatlas.eval.task.HarnessTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Whole tasks on a real model: scores, metrics and their means as lm-evaluation-harness has them.
 */
class HarnessScoresTest {

  @TempDir Path folder;

  @Test
  void scoresAndMetricsEqualThoseOfTheHarness() {
    for (JsonNode golden : Oracles.withKey("lm_eval/scores", "scored")) {
      Path model = Oracles.folder(golden.get("model").stringValue());
      ChatTokenizer tokenizer = ChatTokenizers.load(model);
      try (TransformerModel transformer = NanoModel.model(model)) {
        TransformerLanguageModel language = new TransformerLanguageModel(transformer, 2);
        for (JsonNode one : golden.get("scored")) {
          check(one, golden.get("tolerance").doubleValue(), language, tokenizer);
        }
      }
    }
  }

  private void check(
      JsonNode one, double tolerance, TransformerLanguageModel language, ChatTokenizer tokenizer) {
    String name = one.get("task").stringValue();
    Path documents = Oracles.folder("lm_eval/tasks").resolve(name + ".json");
    Oracles.writeData(Oracles.json(documents).get("data"), folder.resolve(name));
    HarnessTask task =
        HarnessCatalog.builtIn().task(name).orElseThrow().withShots(one.get("shots").intValue());
    TaskResult result =
        TaskRunner.run(
            task,
            Optional.empty(),
            Suite.load(task, folder),
            language,
            tokenizer,
            new Sampling.Greedy(),
            RunOptions.ALL,
            _ -> {});
    assertThat(result.samples()).as(name).hasSize(one.get("documents").size());
    for (SampleRecord sample : result.samples()) {
      compare(name, sample, one.get("documents").get(sample.index()), tolerance);
    }
    JsonNode means = one.get("metrics");
    for (String metric : means.propertyNames()) {
      double expected = means.get(metric).doubleValue();
      assertThat(result.metrics().get(metric))
          .as("%s of %s", metric, name)
          .isCloseTo(expected, within(metric.equals("perplexity") ? 1e-3 * expected : 1e-9));
    }
  }

  private static void compare(
      String name, SampleRecord sample, JsonNode expected, double tolerance) {
    for (int i = 0; i < expected.get("scores").size(); i++) {
      double score =
          sample.measures().containsKey("nll")
              ? -sample.measure("nll")
              : sample.measure("loglikelihood_" + i);
      assertThat(score)
          .as("score %s of item %s of %s", i, sample.index(), name)
          .isCloseTo(expected.get("scores").get(i).get(0).doubleValue(), within(tolerance));
    }
    JsonNode metrics = expected.get("metrics");
    for (String metric : metrics.propertyNames()) {
      if (sample.measures().containsKey(metric)) {
        assertThat(sample.measure(metric)).isEqualTo(metrics.get(metric).doubleValue());
      }
    }
    if (sample.measures().containsKey("nll")) {
      assertThat(sample.correct()).isEqualTo(metrics.get("acc").doubleValue() == 1);
    }
  }
}
