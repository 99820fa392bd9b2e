package org.bitatlas.eval.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.bitatlas.eval.FakeTokenizer;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ThinkingLimit;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingSplit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EndpointTest extends EndpointCase {

  @Test
  void givesTheLocalRepliesAndScoresIdByIdFromAServerThatGivesIds() {
    try (Endpoint endpoint = connect()) {
      assertThat(endpoint.language().generate(prompts(9, 50), _ -> {}))
          .isEqualTo(local.generate(prompts(9, 50), _ -> {}));
      assertSameScores(endpoint.language());
      assertThat(endpoint.noScores()).isEmpty();
      assertThat(endpoint.identity())
          .containsEntry("server", "vllm 0.10.2")
          .containsEntry("served_model", LocalEndpoint.MODEL)
          .containsEntry("weights", "not hashed: served by an endpoint")
          .containsEntry("reply_ids", "given by the server (return_token_ids)")
          .containsEntry("scores", "prompt_logprobs");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void takesIdsFromNamedTokensOfAnOlderServer(boolean refuses) {
    server.givesIds = false;
    server.refusesUnknownFields = refuses;
    try (Endpoint endpoint = connect()) {
      assertThat(endpoint.language().generate(prompts(5, 50), _ -> {}))
          .isEqualTo(local.generate(prompts(5, 50), _ -> {}));
      assertThat(endpoint.identity().get("reply_ids")).startsWith("named by the server");
    }
  }

  @Test
  void encodesTheTextOfAServerWithoutIdsAndSaysSo() {
    server.givesIds = false;
    server.namesIds = false;
    try (Endpoint endpoint = connect()) {
      assertThat(endpoint.identity().get("reply_ids")).contains("tokenized again");
      Generation reply = endpoint.language().generate(prompts(1, 50), _ -> {}).getFirst();
      assertThat(TOKENIZER.tokenizer().decode(reply.tokenIds(), false)).endsWith("7");
      assertThat(reply.reason()).isEqualTo(Generation.Reason.STOP_TOKEN);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12})
  void endsAtTheBudgetAsALocalReplyDoes(int budget) {
    try (Endpoint endpoint = connect()) {
      assertThat(endpoint.language().generate(prompts(9, budget), _ -> {}))
          .isEqualTo(local.generate(prompts(9, budget), _ -> {}));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void cutsTheThinkingAsALocalReplyDoes(int tokens) {
    ThinkingLimit limit =
        new ThinkingLimit(tokens, OptionalInt.of(FakeTokenizer.OPEN), FakeTokenizer.CLOSE, false);
    List<GenerationRequest> limited =
        prompts(9, 3).stream()
            .map(p ->
                new GenerationRequest(
                    p.promptIds(), 3, p.sampling(), p.stopIds(), Optional.of(limit)))
            .toList();
    try (Endpoint endpoint = connect()) {
      assertThat(endpoint.language().generate(limited, _ -> {}))
          .isEqualTo(local.generate(limited, _ -> {}));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 6, 30})
  void endsWhereTheRequestSaysAsALocalReplyDoes(int tokens, @TempDir Path folder) {
    Endpoint.Wanted journaled =
        new Endpoint.Wanted(
            Optional.empty(),
            Optional.of(TOKENIZER),
            Optional.empty(),
            Optional.empty(),
            Optional.of(folder));
    try (Endpoint endpoint = Endpoint.connect(server.settings(), journaled)) {
      for (int length : new int[] {tokens, tokens + 1, 1}) {
        List<GenerationRequest> ending =
            prompts(9, 50).stream()
                .map(p ->
                    new GenerationRequest(
                        p.promptIds(),
                        50,
                        p.sampling(),
                        p.stopIds(),
                        Optional.empty(),
                        Optional.of(ids -> ids.size() >= length)))
                .toList();
        assertThat(endpoint.language().generate(ending, _ -> {}))
            .isEqualTo(local.generate(ending, _ -> {}));
      }
    }
  }

  @Test
  void scoresByEchoWhereThereAreNoPromptLogprobs() {
    server.givesPromptScores = false;
    try (Endpoint endpoint = connect()) {
      assertSameScores(endpoint.language());
      assertThat(endpoint.identity()).containsEntry("scores", "echo with logprobs");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void refusesToScoreWithTheReasonWhereTheServerHasNoLogProbabilities(boolean refuses) {
    server.givesPromptScores = false;
    server.echoes = false;
    server.refusesUnknownFields = refuses;
    try (Endpoint endpoint = connect()) {
      assertThat(endpoint.noScores().orElseThrow())
          .contains("no log-probabilities of a prompt")
          .contains("prompt_logprobs");
      assertThatThrownBy(() -> endpoint.language().score(scorings()))
          .isInstanceOf(BitAtlasException.class)
          .hasMessage(endpoint.noScores().orElseThrow());
    }
  }

  @Test
  void saysEverySamplingParameterThatVllmHasDefaultsFor() {
    try (Endpoint endpoint = connect()) {
      GenerationRequest random =
          new GenerationRequest(
              prompts(1, 5).getFirst().promptIds(),
              5,
              new Sampling.Random(0.6, 0, 0.95, 17),
              Set.of(FakeTokenizer.STOP));
      endpoint.language().generate(List.of(random), _ -> {});
    }
    assertThat(server.requests.getLast().body())
        .contains("\"temperature\":0.6", "\"top_p\":0.95", "\"top_k\":-1", "\"seed\":17")
        .contains("\"repetition_penalty\":1.0", "\"min_p\":0.0", "\"stop_token_ids\":[2]");
  }

  @Test
  void sendsNoneOfVllmsFieldsToAnotherServer() {
    server.owner = "somebody";
    server.version = Optional.empty();
    try (Endpoint endpoint = connect()) {
      endpoint.language().generate(prompts(1, 5), _ -> {});
      assertThat(endpoint.identity()).containsEntry("server", "somebody");
    }
    assertThat(server.requests.getLast().body())
        .doesNotContain("top_k", "repetition_penalty", "stop_token_ids");
  }

  @Test
  void namesTheModelsOfAServerWithSeveral() {
    server.models.add("second");
    assertThatThrownBy(this::connect)
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("several models; name one of: served/model, second");
    Endpoint.Wanted wrong =
        new Endpoint.Wanted(
            Optional.of("third"),
            Optional.of(TOKENIZER),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    assertThatThrownBy(() -> Endpoint.connect(server.settings(), wrong))
        .hasMessageContaining("does not serve third; it serves: served/model, second");
  }

  @Test
  void refusesAnotherModelsTokenizer() {
    try (LocalEndpoint other = new LocalEndpoint(local, FakeTokenizer.shifted(TOKENIZER))) {
      assertThatThrownBy(() -> Endpoint.connect(other.settings(), withTokenizer()))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("is not the server's");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void refusesAPromptThatDoesNotFitTheServersContext() {
    server.contextLength = 30;
    try (Endpoint endpoint = connect()) {
      assertThatThrownBy(() -> endpoint.language().generate(prompts(1, 50), _ -> {}))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("max_model_len) has 30");
    }
  }

  @Test
  void keepsTheKeyToItself() throws IOException {
    server.requiredKey = "s3cret-key";
    assertThatThrownBy(this::connect)
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("status 401: Unauthorized; set BITATLAS_ENDPOINT_KEY to its key");
    EndpointSettings keyed =
        new EndpointSettings(
            EndpointAddress.parse(server.address() + "/v1/"),
            Optional.of("s3cret-key"),
            2,
            Duration.ofSeconds(5),
            1,
            Duration.ofMillis(1));
    assertThat(keyed.toString()).doesNotContain("s3cret");
    try (Endpoint endpoint = Endpoint.connect(keyed, withTokenizer())) {
      assertThat(endpoint.identity().toString()).doesNotContain("s3cret");
      server.failureText = "your key s3cret-key is over its limit";
      server.failureStatus = 418;
      server.fail(LocalEndpoint.Failure.STATUS, 0, 1);
      assertThatThrownBy(() -> endpoint.language().generate(prompts(1, 5), _ -> {}))
          .hasMessageContaining("your key [key] is over its limit")
          .hasMessageNotContaining("s3cret");
    }
    assertThat(server.requests.getLast().authorization()).contains("Bearer s3cret-key");
    assertThat(
            EndpointSettings.of(
                    keyed.address(),
                    1,
                    Duration.ofSeconds(1),
                    Map.of(EndpointSettings.KEY_VARIABLE, " k "))
                .key())
        .contains("k");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://host",
        "host:8000",
        "http://user:pass@host",
        "http://host?key=1",
        "file:///etc/passwd",
        "http:// host"
      })
  void takesHttpAddressesWithoutSecretsOnly(String text) {
    assertThatThrownBy(() -> EndpointAddress.parse(text))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageNotContaining("pass@");
  }

  @Test
  void measuresTheTimeToTheFirstTokenAndTheRate() {
    try (Endpoint endpoint = connect()) {
      assertThat(endpoint.meter().metrics()).isEmpty();
      endpoint.language().generate(prompts(6, 50), _ -> {});
      assertThat(endpoint.meter().metrics())
          .containsOnlyKeys(
              "ttft_seconds_median",
              "ttft_seconds_p95",
              "tokens_per_second",
              "tokens_per_second_one_reply_median")
          .allSatisfy((name, value) -> assertThat(value).isPositive().isFinite());
    }
  }

  @Test
  void leavesRepliesCancelledWhenInterrupted() throws InterruptedException {
    try (Endpoint endpoint = connect()) {
      server.fail(LocalEndpoint.Failure.STALL, 0, Integer.MAX_VALUE);
      Thread.currentThread().interrupt();
      assertThat(endpoint.language().generate(prompts(3, 5), _ -> {}))
          .allMatch(reply -> reply.reason() == Generation.Reason.CANCELLED);
      assertThat(Thread.interrupted()).isTrue();
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> endpoint.language().score(scorings()))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  private Endpoint.Wanted chat(Optional<ThinkingMode> mode) {
    return new Endpoint.Wanted(
        Optional.empty(),
        Optional.empty(),
        mode,
        Optional.of("{\"enable_thinking\": true}"),
        Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void asksTheServersChatWithoutATokenizer(boolean parses) {
    server.parsesReasoning = parses;
    try (Endpoint endpoint =
        Endpoint.connect(server.settings(), chat(Optional.of(ThinkingMode.SLOW_THINK)))) {
      ChatTokenizer text = endpoint.tokenizer();
      int[] prompt =
          text.prompt(
              List.of(new ChatMessage("user", "how much \ud83d\ude00?")),
              Optional.of(ThinkingMode.SLOW_THINK));
      Generation reply =
          endpoint
              .language()
              .generate(
                  List.of(new GenerationRequest(prompt, 50, new Sampling.Greedy(), text.stopIds())),
                  _ -> {})
              .getFirst();
      assertThat(server.requests.getLast().path()).isEqualTo("/v1/chat/completions");
      assertThat(server.requests.getLast().body())
          .contains(
              "how much \ud83d\ude00?", "\"chat_template_kwargs\":{\"enable_thinking\":true}");
      assertThat(reply.reason()).isEqualTo(Generation.Reason.STOP_TOKEN);
      if (parses) {
        ThinkingSplit split = ThinkingSplit.of(reply.tokenIds(), text.thinking());
        assertThat(split.outcome()).isEqualTo(ThinkingSplit.Outcome.CLOSED);
        assertThat(text.tokenizer().decode(split.thinking(), false)).isEqualTo("t".repeat(2));
        assertThat(text.tokenizer().decode(split.answer(), false)).isEqualTo("18");
      }
      assertThat(endpoint.noScores())
          .hasValueSatisfying(why -> assertThat(why).contains("--tokenizer"));
      assertThat(endpoint.identity())
          .containsEntry("prompts", "the server's chat template")
          .containsEntry("template_arguments", "{\"enable_thinking\":true}");
    }
  }
}
