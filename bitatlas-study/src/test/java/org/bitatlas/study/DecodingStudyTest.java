package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.DecodingReading;
import org.bitatlas.study.map.DecodingReading.Conclusion;
import org.bitatlas.study.report.Report;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Studies whose replies are decoded in several ways. */
class DecodingStudyTest {
  private static final String STUDY =
      """
      name: decodings
      models: [nano]
      recipes: [float, {method: rtn, bits: [8, 4, 3], grid: quarot-sym}]
      tasks: [{task: gsm_nano, modes: [slow_think]}, facts_nano_choices, wikitext_nano]
      decoding:
        - greedy
        - {method: sampled, temperature: 0.6, top_p: 0.95, seeds: [1, 2, 3]}
        - {method: beam, width: 4}
      margin: {points: 3}
      """;

  @TempDir Path folder;

  @Test
  void tasksWithRepliesHaveAColumnForEachDecodingAndRecordsAreKeyedByIt() throws IOException {
    try (RunStore store = RunStore.open(folder)) {
      StudySpec spec = read(STUDY);
      FakeStudies.runner(new FakeWorkbench(40)).run(spec, store, StudyListener.SILENT);
      AccuracyMap map = AccuracyMap.of(store, spec);
      assertThat(map.columns())
          .extracting(StudyTask::label)
          .containsExactly(
              "gsm_nano slow_think",
              "gsm_nano slow_think, T 0.6 x3",
              "gsm_nano slow_think, beam 4",
              "facts_nano_choices",
              "wikitext_nano");
      assertThat(store.records()).extracting(RunRecord::key).doesNotHaveDuplicates();
      assertThat(store.records())
          .extracting(record -> record.inputs().get("sampling"))
          .contains(
              "greedy",
              "temperature 0.6, top-p 0.95, seeds 1 2 3",
              "beam search, width 4, length penalty 1");
      RunRecord sampled = map.cells().getFirst().get(1).record().orElseThrow();
      assertThat(sampled.items()).isEqualTo(120);
      assertThat(sampled.plannedItems()).isEqualTo(120);
      // Three equal runs of the same items say no more than one.
      assertThat(map.cells().getFirst().get(1).low())
          .isCloseTo(map.cells().getFirst().get(0).low(), within(1e-9));
      assertThat(map.cells().get(2).get(1).comparison().units()).isEqualTo(40);
    }
  }

  @Test
  void aDamagedModelAndAnUnluckyDecoderAreToldApart() throws IOException {
    try (RunStore store = RunStore.open(folder)) {
      StudySpec spec = read(STUDY);
      FakeWorkbench workbench = new FakeWorkbench(200);
      workbench.unluckyDecoder = Optional.of("RTN W8");
      FakeStudies.runner(workbench).run(spec, store, StudyListener.SILENT);
      AccuracyMap map = AccuracyMap.of(store, spec);
      assertThat(map.readings())
          .extracting(DecodingReading::row, DecodingReading::conclusion)
          .contains(
              org.assertj.core.groups.Tuple.tuple(1, Conclusion.DECODER),
              org.assertj.core.groups.Tuple.tuple(3, Conclusion.DAMAGED));
      Report.Written written = Report.write(map, folder);
      assertThat(Files.readString(written.html())).contains("the decoder, not the model");
      assertThat(Files.readString(written.markdown())).contains("damaged under every decoding");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "- greedy ~ - greedily ~ names 'greedily'; expected greedy, or a mapping",
        "method: beam ~ method: beem ~ decoding[2].method is unknown",
        "width: 4 ~ width: 0 ~ decoding[2].width is 0",
        "seeds: [1, 2, 3] ~ seeds: [1, 1] ~ names a seed twice",
        "temperature: 0.6 ~ temperature: 0 ~ decoding[1].temperature is 0",
        "width: 4 ~ widht: 4 ~ unknown key 'widht'",
        "margin: ~ thinking_budget: 9; margin: ~ beside a beam search",
        "{method: beam, width: 4} ~ greedy ~ two of the name 'greedy'",
      })
  void aMistakeIsOneSentence(String from, String to, String told) {
    assertThat(STUDY).contains(from);
    assertThatThrownBy(() -> read(STUDY.replace(from, to.replace("; ", "\n"))))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(told);
  }

  @Test
  void withoutTheKeyRepliesAreGreedy() throws IOException {
    assertThat(read(STUDY.replaceAll("(?s)decoding:.*margin", "margin")).decodings())
        .isEqualTo(List.of(new Decoding.Greedy()));
    assertThat(
            read(STUDY.replaceAll("(?s)decoding:.*margin", "decoding: greedy\nmargin")).decodings())
        .isEqualTo(List.of(new Decoding.Greedy()));
  }

  private StudySpec read(String text) throws IOException {
    return StudySpec.read(Files.writeString(folder.resolve("study.yaml"), text));
  }
}
