package org.bitatlas.study.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.bitatlas.eval.CollapseMark;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.study.FakeStudies;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.Tokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiagnosisTest {

  @TempDir static Path folder;

  @BeforeAll
  static void study() {
    FakeStudies.map(folder, 20);
  }

  private static Diagnosis diagnosis(String cell) {
    try (RunStore store = RunStore.open(folder)) {
      RunRecord record = CellName.find(store, cell);
      return Diagnosis.of(Evidence.of(store, folder, record, Optional.empty(), 2));
    }
  }

  @Test
  void namesTheLayersThatBreakFirstAndWhatToTry() {
    Diagnosis found = diagnosis("gptq w2/wikitext_nano");

    assertThat(found.layers())
        .hasSize(42)
        .isSortedAccordingTo(
            (one, other) -> Double.compare(other.outputError(), one.outputError()));
    assertThat(found.parts())
        .extracting(PartLine::name)
        .startsWith("attention", "mlp", "q_proj")
        .hasSize(9);
    assertThat(found.remedies())
        .anySatisfy(sentence ->
            assertThat(sentence)
                .contains("model.layers.5.mlp.down_proj")
                .contains("not finite")
                .contains("exclude: layers.5."))
        .anySatisfy(
            sentence -> assertThat(sentence).contains("calibration of 1 layers was unstable"));
    assertThat(found.notMeasured())
        .anySatisfy(sentence -> assertThat(sentence).contains("--measure"));
    assertThat(found.breaksFirst().getFirst())
        .contains("Calibration stops being finite at layers.5.mlp.down_proj");
    assertThat(found.toJson()).contains("\"remedies\"").contains("outputError");
  }

  @Test
  void saysWhichCellsThereAre() {
    assertThatThrownBy(() -> diagnosis("GPTQ W5/wikitext_nano"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("No cell is called 'GPTQ W5/wikitext_nano'")
        .hasMessageContaining("row/task/mode");
    assertThatThrownBy(() -> diagnosis("GPTQ W4/gsm_nano"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("More than one")
        .hasMessageContaining("GPTQ W4/gsm_nano/no_think");
    assertThatThrownBy(() -> diagnosis("GPTQ W4/gsm"))
        .hasMessageContaining("for example 'GPTQ W4/");
    assertThatThrownBy(() -> diagnosis("float/wikitext_nano"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("not of a model quantized here");
  }

  @Test
  void aKeyIsANameToo() {
    try (RunStore store = RunStore.open(folder)) {
      RunRecord record = CellName.find(store, "RTN W3/wikitext_nano");

      assertThat(CellName.find(store, record.key().substring(0, 12))).isEqualTo(record);
      assertThat(CellName.find(store, record.model() + "/rtn w3/wikitext_nano")).isEqualTo(record);
    }
  }

  @Test
  void tellsHowRepliesGoWrong() {
    List<SampleRecord> floats =
        List.of(
            reply(0, "a=1;b=2;#### 2", true, "CLOSED", Map.of()),
            reply(1, "a=1;b=3;#### 3", true, "CLOSED", Map.of()),
            reply(2, "a=1;b=4;#### 4", true, "CLOSED", Map.of()),
            reply(3, "a=1;b=5;#### 5", false, "CLOSED", Map.of()),
            reply(4, "a=1;b=6;#### 6", true, "CLOSED", Map.of()));
    List<SampleRecord> here =
        List.of(
            reply(0, "a=1;b=2;#### 2", true, "CLOSED", Map.of()),
            reply(1, "a=1;b=1;b=1;b=1", false, "TRUNCATED", Map.of(CollapseMark.LOOP, 1.0)),
            reply(2, "a=1;b=4;#### 5", false, "CLOSED", Map.of(CollapseMark.SEEN, 1.0)),
            reply(3, "a=1;b=5;#### 6", true, "CLOSED", Map.of()),
            reply(4, "b=1;", false, "UNCLOSED", Map.of()));

    ReplyBreakdown found =
        ReplyBreakdown.of(floats, here, Optional.of(new Characters()), 2).orElseThrow();

    assertThat(found.items()).isEqualTo(5);
    assertThat(found.same()).isEqualTo(1);
    assertThat(found.broken()).isEqualTo(3);
    assertThat(found.repaired()).isEqualTo(1);
    assertThat(found.failures())
        .containsEntry(ReplyPair.Failure.LOOP, 1)
        .containsEntry(ReplyPair.Failure.LOST, 1)
        .containsEntry(ReplyPair.Failure.UNCLOSED, 1);
    // Of the answers 2, 3, 5 and 6 of the other items, 5 stands in the reply whose own is 4.
    assertThat(found.lostByChance()).isEqualTo(0.25);
    assertThat(found.token()).hasValue(6);
    assertThat(found.examples()).hasSize(2).doesNotHaveDuplicates();
    assertThat(ReplyBreakdown.of(floats, here, Optional.empty(), 9).orElseThrow().examples())
        .extracting(pair -> pair.found().index())
        .containsExactlyInAnyOrder(1, 2, 4);
  }

  @Test
  void theFirstDivergentTokenIsOfTheTokenizer() {
    FirstToken parting = FirstToken.of(new Characters(), "abcd", "abx");
    assertThat(parting).isEqualTo(new FirstToken(2, 4, "c", "x", Optional.empty()));
    assertThat(parting.share()).isEqualTo(0.5);
    assertThat(FirstToken.of(new Characters(), "ab", "abx").exact()).isEqualTo(FirstToken.END);
  }

  @Test
  void roundingToAGridAddsATwelfthOfTheSquaredStep() {
    // Every value is 7 or -7: a token's range is 7, a 4-bit step 1, the energy 49.
    LayerReport.Inputs inputs = new LayerReport.Inputs(10, -7, 7, 1, 1, 7, 0, 0, 0);
    assertThat(InputNoise.of(ActivationPolicy.perToken(4), inputs).orElseThrow())
        .isCloseTo(1.0 / (12 * 49), within(1e-12));
    assertThat(InputNoise.of(ActivationPolicy.NONE, inputs)).isEmpty();
  }

  /** A token for each character. */
  private static final class Characters implements Tokenizer {
    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
      return text.chars().toArray();
    }

    @Override
    public String decode(List<Integer> ids, boolean skipSpecialTokens) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int vocabularySize() {
      return Character.MAX_VALUE + 1;
    }

    @Override
    public OptionalInt idOf(String token) {
      return OptionalInt.of(token.charAt(0));
    }

    @Override
    public String tokenOf(int id) {
      return Character.toString(id);
    }

    @Override
    public OptionalInt beginOfSequenceId() {
      return OptionalInt.empty();
    }

    @Override
    public String digest() {
      return "characters";
    }
  }

  private static SampleRecord reply(
      int index, String output, boolean correct, String outcome, Map<String, Double> marks) {
    SequencedMap<String, Double> measures = new LinkedHashMap<>();
    measures.put(CollapseMark.REPEATED, 0.1);
    measures.put(CollapseMark.LOOP, 0.0);
    measures.put(CollapseMark.SEEN, correct ? 1.0 : 0.0);
    measures.putAll(marks);
    return new SampleRecord(
        index,
        "p" + index,
        "",
        Integer.toString(index + 2),
        output,
        "",
        correct,
        9,
        outcome,
        measures);
  }
}
