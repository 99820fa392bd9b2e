package org.bitatlas.eval.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bitatlas.eval.FakeTokenizer;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.ThinkingLimit;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingSplit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EndpointTest {

  private static final ChatTokenizer TOKENIZER = FakeTokenizer.thinking();

  private final RuledModel local = new RuledModel();
  private LocalEndpoint server;

  @BeforeEach
  void start() throws IOException {
    server = new LocalEndpoint(local, TOKENIZER);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static Endpoint.Wanted withTokenizer() {
    return new Endpoint.Wanted(
        Optional.empty(),
        Optional.of(TOKENIZER),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private Endpoint connect() {
    return Endpoint.connect(server.settings(), withTokenizer());
  }

  private static List<GenerationRequest> prompts(int count, int budget) {
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

  private static List<ScoringRequest> scorings() {
    return List.of(
        new ScoringRequest(new int[] {1, 200, 301, 402}, 1),
        new ScoringRequest(new int[] {1, 200, 301, 402, 150}, 3));
  }

  private void assertSameScores(LanguageModel remote) {
    List<TokenScores> expected = local.score(scorings());
    List<TokenScores> actual = remote.score(scorings());
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i).logProbabilities())
          .containsExactly(expected.get(i).logProbabilities());
      assertThat(actual.get(i).greedy()).containsExactly(expected.get(i).greedy());
    }
  }

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
          "{\"object\": \"error\", \"message\": \"This model's maximum context length is 10\\ntokens.\"}";
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
