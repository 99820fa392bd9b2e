package org.bitatlas.eval.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.generate.Generation;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that fail, stall, or answer what cannot be. */
@Timeout(60)
class EndpointFailureTest extends EndpointCase {

  @ParameterizedTest
  @EnumSource(
      value = LocalEndpoint.Failure.class,
      names = {"STATUS", "GARBAGE", "WRONG_TYPES", "CUT_STREAM", "STREAM_ERROR", "CLOSED"})
  void triesAgainWhatMayPassAndThenSaysOneSentence(LocalEndpoint.Failure failure) {
    try (Endpoint endpoint = connect()) {
      server.fail(failure, 1, 2);
      assertThat(endpoint.language().generate(prompts(4, 50), _ -> {}))
          .isEqualTo(local.generate(prompts(4, 50), _ -> {}));
      server.fail(failure, 0, Integer.MAX_VALUE);
      assertThatThrownBy(() -> endpoint.language().generate(prompts(4, 50), _ -> {}))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("did not answer /v1/completions (3 attempts, the last: ")
          .hasMessageEndingWith("run the same command to go on.");
      assertThatThrownBy(() -> endpoint.language().score(scorings()))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("3 attempts");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 502, 503})
  void triesAgainAfterStatus(int status) {
    try (Endpoint endpoint = connect()) {
      server.failureStatus = status;
      server.fail(LocalEndpoint.Failure.STATUS, 0, 2);
      assertSameScores(endpoint.language());
    }
  }

  @Test
  void saysAtOnceWhatAskingAgainWouldNotChange() {
    try (Endpoint endpoint = connect()) {
      server.failureStatus = 400;
      server.failureText =
          "{\"object\": \"error\", \"message\": \"This model's maximum context length is"
              + " 10\\ntokens.\"}";
      server.fail(LocalEndpoint.Failure.STATUS, 0, 1);
      assertThatThrownBy(() -> endpoint.language().generate(prompts(1, 5), _ -> {}))
          .isInstanceOf(BitAtlasException.class)
          .hasMessage(
              "The server at "
                  + server.address()
                  + " refused /v1/completions with status 400: This model's maximum context length"
                  + " is 10 tokens.");
    }
  }

  @Test
  void readsNoMoreOfAHugeAnswerThanTheQuestionAllows() {
    try (Endpoint endpoint = connect()) {
      server.fail(LocalEndpoint.Failure.HUGE, 0, Integer.MAX_VALUE);
      assertThatThrownBy(() -> endpoint.language().generate(prompts(1, 5), _ -> {}))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("(1 attempts, the last: the answer is longer than 1");
      assertThatThrownBy(() -> endpoint.language().score(scorings()))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("the answer is longer than 1");
    }
  }

  @Test
  void givesUpOnAServerThatStalls() {
    EndpointSettings hasty =
        new EndpointSettings(
            EndpointAddress.parse(server.address()),
            Optional.empty(),
            2,
            Duration.ofMillis(1500),
            2,
            Duration.ofMillis(1));
    try (Endpoint endpoint = Endpoint.connect(hasty, withTokenizer())) {
      server.fail(LocalEndpoint.Failure.STALL, 0, Integer.MAX_VALUE);
      assertThatThrownBy(() -> endpoint.language().generate(prompts(1, 5), _ -> {}))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("2 attempts, the last: no complete answer within 1 s");
    }
  }

  @Test
  void callsScoresThatTheServerCannotWriteNotFinite() {
    try (Endpoint endpoint = connect()) {
      server.fail(LocalEndpoint.Failure.NOT_FINITE, 0, 1);
      assertThat(endpoint.language().score(scorings().subList(0, 1)).getFirst().logProbabilities())
          .containsOnly(Double.NaN);
    }
  }

  @Test
  void asksForNothingTwiceAfterTheServerDied(@TempDir Path folder) throws IOException {
    Endpoint.Wanted journaled =
        new Endpoint.Wanted(
            Optional.empty(),
            Optional.of(TOKENIZER),
            Optional.empty(),
            Optional.empty(),
            Optional.of(folder));
    List<Generation> expected = local.generate(prompts(9, 50), _ -> {});
    try (Endpoint endpoint = Endpoint.connect(server.settings(), journaled)) {
      server.fail(LocalEndpoint.Failure.CLOSED, 4, Integer.MAX_VALUE);
      assertThatThrownBy(() -> endpoint.language().generate(prompts(9, 50), _ -> {}))
          .isInstanceOf(BitAtlasException.class);
    }
    Path journal;
    try (Stream<Path> files = Files.list(folder)) {
      journal = files.findFirst().orElseThrow();
    }
    Files.writeString(journal, Files.readString(journal) + "\n{\"question\":\"cut o");
    server.fail(LocalEndpoint.Failure.NONE, 0, 0);
    try (Endpoint endpoint = Endpoint.connect(server.settings(), journaled)) {
      int before = local.asked.get();
      assertThat(endpoint.language().generate(prompts(9, 50), _ -> {})).isEqualTo(expected);
      assertThat(local.asked.get() - before).isEqualTo(5);
      assertSameScores(endpoint.language());
      int requests = server.requests.size();
      assertSameScores(endpoint.language());
      assertThat(server.requests).hasSize(requests);
      endpoint.forgetAnswers();
    }
    assertThat(journal).doesNotExist();
  }
}
