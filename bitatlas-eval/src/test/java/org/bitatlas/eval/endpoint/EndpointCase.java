package org.bitatlas.eval.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.bitatlas.eval.FakeTokenizer;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A local server and the model that it serves, which answers here, too. */
abstract class EndpointCase {

  static final ChatTokenizer TOKENIZER = FakeTokenizer.thinking();

  final RuledModel local = new RuledModel();
  LocalEndpoint server;

  @BeforeEach
  void start() throws IOException {
    server = new LocalEndpoint(local, TOKENIZER);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  static Endpoint.Wanted withTokenizer() {
    return new Endpoint.Wanted(
        Optional.empty(),
        Optional.of(TOKENIZER),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  Endpoint connect() {
    return Endpoint.connect(server.settings(), withTokenizer());
  }

  static List<GenerationRequest> prompts(int count, int budget) {
    return IntStream.range(0, count)
        .mapToObj(i ->
            new GenerationRequest(
                TOKENIZER.prompt(
                    List.of(new ChatMessage("user", "q".repeat(i) + (char) ('a' + i))),
                    Optional.empty()),
                budget,
                new Sampling.Greedy(),
                Set.of(FakeTokenizer.STOP)))
        .toList();
  }

  static List<ScoringRequest> scorings() {
    return List.of(
        new ScoringRequest(new int[] {1, 200, 301, 402}, 1),
        new ScoringRequest(new int[] {1, 200, 301, 402, 150}, 3));
  }

  void assertSameScores(LanguageModel remote) {
    List<TokenScores> expected = local.score(scorings());
    List<TokenScores> actual = remote.score(scorings());
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i).logProbabilities())
          .containsExactly(expected.get(i).logProbabilities());
      assertThat(actual.get(i).greedy()).containsExactly(expected.get(i).greedy());
    }
  }
}
