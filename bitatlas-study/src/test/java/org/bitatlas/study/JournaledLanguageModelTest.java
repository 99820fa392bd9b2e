package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenDivergences;
import org.bitatlas.generate.TokenScores;
import org.junit.jupiter.api.Test;

class JournaledLanguageModelTest {

  /** A journal in memory. */
  private static final class Memory implements CellJournal {
    final Map<Integer, byte[]> answers = new HashMap<>();

    @Override
    public Optional<byte[]> recall(int call) {
      return Optional.ofNullable(answers.get(call));
    }

    @Override
    public void keep(int call, byte[] answer) {
      answers.put(call, answer);
    }
  }

  /** A model that answers from what it is asked and dies at a call. */
  private static final class Mortal implements LanguageModel {
    final int lastCall;
    int calls;

    Mortal(int lastCall) {
      this.lastCall = lastCall;
    }

    private void live() {
      if (calls++ == lastCall) {
        throw new IllegalStateException("killed");
      }
    }

    @Override
    public List<TokenScores> score(List<ScoringRequest> requests) {
      live();
      return requests.stream()
          .map(request ->
              new TokenScores(
                  new double[] {-1.0 / 3 - request.from(), Double.NaN},
                  new boolean[] {true, false},
                  Optional.of(
                      new TokenDivergences(
                          new double[] {1e-17, 2}, new boolean[] {true, false}, new double[2]))))
          .toList();
    }

    @Override
    public List<Generation> generate(
        List<GenerationRequest> requests, Consumer<? super Generation> finished) {
      live();
      List<Generation> generations =
          requests.stream()
              .map(request ->
                  new Generation(
                      List.of(request.promptIds()[0], 7), Generation.Reason.LENGTH, true))
              .toList();
      generations.forEach(finished);
      return generations;
    }
  }

  private static List<Object> cell(LanguageModel model, int start) {
    List<Object> answers = new ArrayList<>();
    for (int call = 0; call < 3; call++) {
      int first = start + call;
      TokenScores scores =
          model.score(List.of(new ScoringRequest(new int[] {first, 2, 3}, 1))).getFirst();
      answers.add(scores.logProbabilities()[0] + " " + scores.logProbabilities()[1]);
      answers.add(scores.distance().orElseThrow().divergences()[0]);
      List<Generation> told = new ArrayList<>();
      List<Generation> generations =
          model.generate(
              List.of(
                  new GenerationRequest(
                      new int[] {first}, 5, new Sampling.Random(0.6, 0, 0.95, 3), Set.of(1))),
              told::add);
      assertThat(told).isEqualTo(generations);
      answers.addAll(generations);
    }
    return answers;
  }

  @Test
  void whatWasAnsweredBeforeAKillIsNotAskedAgainAndIsTheSameToTheBit() {
    List<Object> whole = cell(new Mortal(-1), 0);
    Memory journal = new Memory();
    Mortal first = new Mortal(3);
    assertThatThrownBy(() -> cell(new JournaledLanguageModel(first, journal), 0))
        .hasMessage("killed");
    Mortal second = new Mortal(-1);
    assertThat(cell(new JournaledLanguageModel(second, journal), 0)).isEqualTo(whole);
    assertThat(second.calls).isEqualTo(6 - 3);
    Mortal third = new Mortal(0);
    assertThat(cell(new JournaledLanguageModel(third, journal), 0)).isEqualTo(whole);
  }

  @Test
  void anAnswerToOtherRequestsIsNotTaken() {
    Memory journal = new Memory();
    cell(new JournaledLanguageModel(new Mortal(-1), journal), 0);
    Mortal other = new Mortal(-1);
    assertThat(cell(new JournaledLanguageModel(other, journal), 100))
        .isEqualTo(cell(new Mortal(-1), 100));
    assertThat(other.calls).isEqualTo(6);
  }
}
