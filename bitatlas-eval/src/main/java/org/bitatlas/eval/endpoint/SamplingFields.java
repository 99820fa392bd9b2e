package org.bitatlas.eval.endpoint;

import org.bitatlas.generate.Sampling;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/**
 * How tokens are chosen, as fields of a request. vLLM takes what is not said from the model's
 * {@code generation_config.json}, a repetition penalty included, so everything is said.
 */
final class SamplingFields {

  private SamplingFields() {}

  static void put(ObjectNode question, ServerFacts facts, Sampling sampling) {
    int topK =
        switch (sampling) {
          case Sampling.Greedy _ -> {
            question.put("temperature", 0.0).put("top_p", 1.0);
            yield 0;
          }
          case Sampling.Random random -> {
            question.put("temperature", random.temperature()).put("top_p", random.topP());
            question.put("seed", random.seed());
            yield random.topK();
          }
          case Sampling.Beam _ ->
              throw new BitAtlasException(
                  "Beam search is not asked of a server: what it means there differs; decode greedily or sample.");
        };
    if (facts.isVllm()) {
      // -1 is "all" in every version of vLLM, 0 only in newer ones.
      question.put("top_k", topK == 0 ? -1 : topK);
      question.put("min_p", 0.0).put("repetition_penalty", 1.0);
    }
  }
}
