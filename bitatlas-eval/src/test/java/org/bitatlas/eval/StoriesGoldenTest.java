package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.metric.ChoiceScores;
import org.bitatlas.eval.metric.PerplexityDefinition;
import org.bitatlas.eval.metric.TextCleaning;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.PerplexityTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A base model (stories260K) against transformers and lm-evaluation-harness. */
class StoriesGoldenTest {

  @Test
  void perplexityOfTheGptqKind() {
    for (Path file : Oracles.files("stories260K", "expected", ".json")) {
      JsonNode golden = Oracles.json(file);
      double percent = 100 * golden.at("/tolerances/ppl_rel").doubleValue();
      ChatTokenizer tokenizer = ChatTokenizers.load(file.getParent());
      Item text = new Item.Text(0, golden.at("/expected/text").stringValue());
      Suite suite = new Suite(file, "", List.of(text));
      try (TransformerModel model = NanoModel.model(file.getParent())) {
        TransformerLanguageModel language = new TransformerLanguageModel(model, 2);
        JsonNode bySegment = golden.at("/expected/ppl_gptq_style");
        for (String segment : bySegment.propertyNames()) {
          PerplexityTask task =
              new PerplexityTask(
                  "stories",
                  "",
                  "",
                  new PerplexityDefinition(
                      TextCleaning.NONE,
                      "",
                      Integer.parseInt(segment),
                      OptionalInt.empty(),
                      PerplexityDefinition.Begin.TEXT_START));
          TaskResult result =
              TaskRunner.run(
                  task,
                  Optional.empty(),
                  suite,
                  language,
                  tokenizer,
                  new Sampling.Greedy(),
                  RunOptions.ALL,
                  progress -> {});
          JsonNode expected = bySegment.get(segment);
          assertThat(result.samples()).hasSize(expected.get("segments").intValue());
          assertThat(result.primary())
              .as("segments of %s", segment)
              .isCloseTo(expected.get("ppl").doubleValue(), withinPercentage(percent));
        }
      }
    }
  }

  @Test
  void choicesAsLmEvaluationHarness() {
    for (Path file : Oracles.files("statistics", "lm_eval_stories260K", ".json")) {
      JsonNode golden = Oracles.json(file);
      double tolerance = golden.at("/tolerances/loglikelihood_abs").doubleValue();
      Path folder = Oracles.folder(golden.get("model").stringValue());
      ChatTokenizer tokenizer = ChatTokenizers.load(folder);
      try (TransformerModel model = NanoModel.model(folder)) {
        TransformerLanguageModel language = new TransformerLanguageModel(model, 2);
        for (JsonNode one : golden.get("cases")) {
          List<String> choices =
              one.get("choices").valueStream().map(JsonNode::stringValue).toList();
          List<ScoringRequest> requests = new ArrayList<>();
          for (int i = 0; i < choices.size(); i++) {
            ScoringRequest request =
                ContinuationEncoding.encode(
                    tokenizer,
                    one.get("context").stringValue(),
                    " " + choices.get(i),
                    one.get("add_bos").booleanValue());
            JsonNode pair = one.get("encoded_context_and_continuation").get(i);
            int[] context = Oracles.ints(pair.get(0));
            int[] continuation = Oracles.ints(pair.get(1));
            assertThat(request.from()).isEqualTo(context.length);
            assertThat(request.tokenIds()).startsWith(context);
            assertThat(
                    Arrays.copyOfRange(
                        request.tokenIds(), request.from(), request.tokenIds().length))
                .containsExactly(continuation);
            requests.add(request);
          }
          List<TokenScores> scores = language.score(requests);
          double[] sums = scores.stream().mapToDouble(TokenScores::sum).toArray();
          assertThat(sums)
              .containsExactly(Oracles.doubles(one.get("loglikelihoods")), within(tolerance));
          for (int i = 0; i < choices.size(); i++) {
            assertThat(scores.get(i).allGreedy())
                .isEqualTo(one.get("is_greedy").get(i).booleanValue());
          }
          ChoiceScores own = new ChoiceScores(sums, choices);
          int gold = one.get("gold").intValue();
          assertThat(own.best() == gold ? 1.0 : 0.0).isEqualTo(one.at("/result/acc").doubleValue());
          assertThat(own.bestPerCharacter() == gold ? 1.0 : 0.0)
              .isEqualTo(one.at("/result/acc_norm").doubleValue());
          assertThat(own.bestPerByte() == gold ? 1.0 : 0.0)
              .isEqualTo(one.at("/result/acc_bytes").doubleValue());
        }
      }
    }
  }
}
