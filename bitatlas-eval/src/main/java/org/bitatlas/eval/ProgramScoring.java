package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.ToIntFunction;
import org.bitatlas.eval.metric.CodeRule;
import org.bitatlas.eval.sandbox.Program;
import org.bitatlas.eval.sandbox.ProgramRunner;
import org.bitatlas.eval.sandbox.Verdict;
import org.bitatlas.eval.sandbox.Verdict.Outcome;
import org.bitatlas.eval.task.CodeTask;
import org.bitatlas.eval.task.Item;
import org.bitatlas.eval.task.ReplyScore;
import org.bitatlas.eval.task.ReplyTask;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * Finds the program in a reply and runs it against its checks.
 *
 * @param name name of the task
 * @param file where its records lie, for errors
 * @param code how the code is found in a reply
 * @param budgets most new tokens of a reply in a mode
 * @param runner where programs run
 */
record ProgramScoring(
    String name,
    String file,
    CodeRule code,
    ToIntFunction<Optional<ThinkingMode>> budgets,
    ProgramRunner runner)
    implements ReplyScoring<Item.Program> {

  ProgramScoring(CodeTask task, ProgramRunner runner) {
    this(task.name(), task.file(), task.code(), mode -> task.budgets().of(mode), runner);
  }

  ProgramScoring(ReplyTask task, ReplyScore.Programs programs, ProgramRunner runner) {
    this(task.name(), task.file(), programs.code(), task::budget, runner);
  }

  @Override
  public List<ChatMessage> before(Item.Program item) {
    return item.before();
  }

  @Override
  public String answerPrefix(Item.Program item) {
    return item.answerPrefix();
  }

  @Override
  public String user(Item.Program item) {
    return item.user();
  }

  @Override
  public int budget(Optional<ThinkingMode> mode) {
    return budgets.applyAsInt(mode);
  }

  @Override
  public List<SampleRecord> score(
      List<Item.Program> chunk,
      List<GenerationRequest> requests,
      List<Generation> generations,
      ReplyReader reader) {
    List<ReplyReader.Reply> replies = generations.stream().map(reader::read).toList();
    List<Optional<Program>> programs = new ArrayList<>(chunk.size());
    for (int i = 0; i < chunk.size(); i++) {
      programs.add(program(chunk.get(i), replies.get(i)));
    }
    List<Verdict> verdicts = runner.run(programs.stream().flatMap(Optional::stream).toList());
    List<SampleRecord> samples = new ArrayList<>(chunk.size());
    int next = 0;
    for (int i = 0; i < chunk.size(); i++) {
      Optional<Verdict> verdict =
          programs.get(i).isPresent() ? Optional.of(verdicts.get(next++)) : Optional.empty();
      samples.add(sample(chunk.get(i), requests.get(i), replies.get(i), programs.get(i), verdict));
    }
    return samples;
  }

  private Optional<Program> program(Item.Program item, ReplyReader.Reply reply) {
    return reply.finite()
        ? reply
            .answer()
            .flatMap(code::extract)
            .map(found -> new Program(item.prefix() + found, item.checks()))
        : Optional.empty();
  }

  /** The outcome of a reply with a program is its verdict. */
  private SampleRecord sample(
      Item.Program item,
      GenerationRequest request,
      ReplyReader.Reply reply,
      Optional<Program> program,
      Optional<Verdict> verdict) {
    if (verdict.isPresent() && verdict.get().outcome() == Outcome.SANDBOX_ERROR) {
      throw new BitAtlasException(
          "The sandbox failed at record %d of %s: %s. No verdict is given; run the cell again."
              .formatted(item.index() + 1, file, verdict.get().detail()));
    }
    return new SampleRecord(
        item.index(),
        TokenDigest.of(request.promptIds()),
        item.user(),
        item.checks(),
        reply.text(),
        program.map(Program::source).orElse(""),
        verdict.isPresent() && verdict.get().passed(),
        reply.generation().tokenIds().size(),
        verdict.map(found -> found.outcome().name()).orElseGet(() -> reply.outcome(false)),
        reply.measures());
  }

  @Override
  public SequencedMap<String, Double> metrics(List<SampleRecord> samples) {
    SequencedMap<String, Double> metrics = GenerativeMetrics.of(samples);
    for (Outcome outcome : Outcome.values()) {
      if (outcome != Outcome.PASS && outcome != Outcome.SANDBOX_ERROR) {
        long count = samples.stream().filter(s -> s.outcome().equals(outcome.name())).count();
        metrics.put(
            outcome.name().toLowerCase(java.util.Locale.ROOT), (double) count / samples.size());
      }
    }
    return metrics;
  }
}
