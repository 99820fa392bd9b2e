package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.task.HarnessCatalog;
import org.bitatlas.eval.task.ReplyTask;
import org.bitatlas.eval.task.Suite;
import org.bitatlas.generate.DraftedLanguageModel;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A harness task on the embedded model, from its files to its numbers. */
class NanoReplyTaskTest {

  @TempDir static Path folder;

  private static ReplyTask task(String... stops) {
    ReplyTask task = (ReplyTask) HarnessCatalog.builtIn().task("gsm8k").orElseThrow().withShots(1);
    return new ReplyTask(
        task.name(),
        task.about(),
        task.prompting(),
        List.of(stops),
        60,
        60,
        task.score(),
        task.guessing());
  }

  private static TaskResult run(NanoModel nano, LanguageModel model, ReplyTask task) {
    return TaskRunner.run(
        task,
        Optional.of(ThinkingMode.NO_THINK),
        Suite.load(task, folder),
        model,
        nano.tokenizer,
        new Sampling.Greedy(),
        new RunOptions(OptionalInt.empty(), 8, Optional.empty()),
        progress -> {});
  }

  @Test
  void stopsEndTheRepliesOfARealModel() throws IOException {
    Path data = Files.createDirectories(folder.resolve("gsm8k/main"));
    StringBuilder records = new StringBuilder();
    for (int i = 2; i < 6; i++) {
      records.append(
          "{\"question\": \"Ann has %d pens and buys %d more. How many now?\", \"answer\": \"%d + %d = %d\\n#### %d\"}\n"
              .formatted(i, i, i, i, 2 * i, 2 * i));
    }
    Files.writeString(data.resolve("test.jsonl"), records);
    Files.writeString(data.resolve("train.jsonl"), records);
    try (NanoModel nano = NanoModel.open(folder.resolve("nano"))) {
      TaskResult free = run(nano, nano.language, task("Question:"));
      assertThat(free.state()).isEqualTo(CellState.OK);
      assertThat(free.samples()).hasSize(4);
      TaskResult cut = run(nano, nano.language, task("#"));
      for (int i = 0; i < 4; i++) {
        String whole = free.samples().get(i).output();
        SampleRecord sample = cut.samples().get(i);
        assertThat(whole).startsWith(sample.output());
        assertThat(sample.answer()).isEmpty();
        if (whole.contains("#")) {
          assertThat(sample.output()).contains("#");
          assertThat(sample.generatedTokens())
              .isLessThanOrEqualTo(free.samples().get(i).generatedTokens());
        }
      }
      // A draft of a longer reply ends at the stop as well.
      DraftedLanguageModel.Drafts drafts = new DraftedLanguageModel.Drafts();
      run(nano, new DraftedLanguageModel(nano.language, drafts), task("Question:"));
      TaskResult drafted = run(nano, new DraftedLanguageModel(nano.language, drafts), task("#"));
      assertThat(drafted.samples()).isEqualTo(cut.samples());
    }
  }
}
