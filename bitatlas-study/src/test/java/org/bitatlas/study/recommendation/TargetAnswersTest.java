package org.bitatlas.study.recommendation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.target.TargetCatalog;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TargetAnswersTest {
  private static final String LLAMA =
      "{\"architectures\": [\"LlamaForCausalLM\"], \"hidden_size\": 256, \"intermediate_size\":"
          + " 768, \"num_hidden_layers\": 6, \"num_attention_heads\": 8, \"num_key_value_heads\":"
          + " 4, \"vocab_size\": 2048, \"rms_norm_eps\": 1e-5, \"max_position_embeddings\": 2048,"
          + " \"rope_theta\": 10000.0}";
  private static final Map<String, ?> W8A8 =
      Map.of("method", "rtn", "bits", 8, "a_bits", 8, "grid", "quarot-sym");
  private static final Map<String, ?> W4 =
      Map.of("method", "gptq", "bits", 4, "group_size", 32, "grid", "quarot-sym");

  @TempDir private Path folder;

  /** 8 bits keep every answer, 4 bits lose one in ten. */
  private static SyntheticStudy study() {
    return new SyntheticStudy("AMD EPYC", 600)
        .floats("chain_nano", i -> i % 5 != 0)
        .row(W8A8, "chain_nano", i -> i % 5 != 0)
        .row(W4, "chain_nano", i -> i % 5 != 0 && i % 10 != 3);
  }

  private List<Recommendation> answers(SyntheticStudy study) {
    try (RunStore store = RunStore.open(folder)) {
      study.write(store);
      return TargetAnswers.of(AccuracyMap.of(store, StudySpec.defaultSpec()));
    }
  }

  @Test
  void everyTargetHasTheAnswerThatRecommendGives() {
    List<Recommendation> answers = answers(study().configuration(LLAMA));

    assertThat(answers)
        .extracting(answer -> answer.question().target().name())
        .containsExactlyElementsOf(TargetCatalog.NAMES);
    for (Recommendation answer : answers) {
      assertThat(answer.chosen().orElseThrow().row().recipe())
          .as(answer.question().target().name())
          .isEqualTo(Recipe.parse(W8A8).label());
      assertThat(answer.question().maxDrop()).isEqualTo(0.02);
      assertThat(answer.question().architecture().layers()).isEqualTo(6);
    }
  }

  @Test
  void whereNothingQualifiesTheModelStaysFloat() {
    SyntheticStudy study =
        new SyntheticStudy("AMD EPYC", 600)
            .floats("chain_nano", i -> i % 5 != 0)
            .row(W4, "chain_nano", i -> i % 5 != 0 && i % 10 != 3);

    assertThat(answers(study.configuration(LLAMA)))
        .hasSize(TargetCatalog.NAMES.size())
        .allMatch(Recommendation::isFloat);
  }

  @Test
  void recordsWithoutAConfigurationGiveNoAnswer() {
    assertThat(answers(study())).isEmpty();
  }

  @Test
  void aConfigurationThatIsNoneIsNamed() {
    assertThatThrownBy(() -> answers(study().configuration("[1]")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("of record ")
        .hasMessageContaining("is not a JSON object");
  }
}
