package org.bitatlas.eval.endpoint;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingSplit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A server on the loopback address that speaks the protocol of vLLM, gives the answers of a local
 * model, and can be told to misbehave.
 */
public final class LocalEndpoint implements AutoCloseable {

  /** Id of the model it serves. */
  public static final String MODEL = "served/model";

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** A request as it arrived. */
  public record Request(String path, String body, Optional<String> authorization) {}

  /** How the server is made to fail. */
  public enum Failure {
    NONE,
    STATUS,
    GARBAGE,
    WRONG_TYPES,
    CUT_STREAM,
    STREAM_ERROR,
    HUGE,
    CLOSED,
    STALL,
    NOT_FINITE
  }

  final List<Request> requests = new CopyOnWriteArrayList<>();
  final List<String> models = new ArrayList<>(List.of(MODEL));

  volatile String owner = "vllm";
  volatile Optional<String> version = Optional.of("0.10.2");
  volatile int contextLength = 4096;
  volatile String requiredKey = "";
  volatile boolean givesIds = true;
  volatile boolean namesIds = true;
  volatile boolean refusesUnknownFields;
  volatile boolean givesPromptScores = true;
  volatile boolean echoes = true;
  volatile boolean tokenizes = true;
  volatile boolean parsesReasoning = true;

  volatile Failure failure = Failure.NONE;
  volatile int failureStatus = 503;
  volatile String failureText = "{\"error\": {\"message\": \"overloaded\"}}";

  /** Failures that are still to come, after so many answers that are right. */
  final AtomicInteger failuresLeft = new AtomicInteger();

  final AtomicInteger answersBeforeFailures = new AtomicInteger();

  private final LanguageModel model;
  private final ChatTokenizer tokenizer;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** A server of a model, listening at once. */
  public LocalEndpoint(LanguageModel model, ChatTokenizer tokenizer) throws IOException {
    this.model = model;
    this.tokenizer = tokenizer;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /** Its address. */
  public String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Settings that try three times, almost without pauses. */
  public EndpointSettings settings() {
    return new EndpointSettings(
        EndpointAddress.parse(address()),
        Optional.empty(),
        4,
        Duration.ofSeconds(20),
        3,
        Duration.ofMillis(2));
  }

  /** From now on every answer but the first {@code right} fails, {@code times} times. */
  void fail(Failure kind, int right, int times) {
    failure = kind;
    answersBeforeFailures.set(right);
    failuresLeft.set(times);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Optional<String> authorization =
          Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"));
      requests.add(new Request(path, body, authorization));
      if (!requiredKey.isEmpty()
          && authorization.filter(("Bearer " + requiredKey)::equals).isEmpty()) {
        send(exchange, 401, "{\"error\": \"Unauthorized\"}");
      } else if (path.startsWith("/v1/")
          && exchange.getRequestMethod().equals("POST")
          && failure != Failure.NONE
          && answersBeforeFailures.getAndDecrement() <= 0
          && failuresLeft.getAndDecrement() > 0) {
        misbehave(exchange);
      } else {
        route(exchange, path, body);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void misbehave(HttpExchange exchange) throws IOException, InterruptedException {
    switch (failure) {
      case NONE -> throw new IllegalStateException();
      case STATUS -> {
        exchange.getResponseHeaders().add("Retry-After", "0");
        send(exchange, failureStatus, failureText);
      }
      case GARBAGE -> send(exchange, 200, "<html>not what was asked for</html>");
      case WRONG_TYPES ->
          send(
              exchange,
              200,
              "data: {\"choices\": [{\"text\": 7, \"token_ids\": [\"a\", 1.5]}], \"usage\": 3}\n\n");
      case CUT_STREAM ->
          send(exchange, 200, "data: {\"choices\": [{\"text\": \"a\", \"token_ids\": [101]}]}\n\n");
      case STREAM_ERROR ->
          send(exchange, 200, "data: {\"error\": {\"message\": \"engine died\"}}\n\n");
      case HUGE -> {
        exchange.sendResponseHeaders(200, 0);
        byte[] block = new byte[1 << 16];
        Arrays.fill(block, (byte) 'x');
        try (OutputStream out = exchange.getResponseBody()) {
          for (int i = 0; i < 1 << 16; i++) {
            out.write(block);
          }
        }
      }
      case CLOSED -> {}
      case STALL -> Thread.sleep(60_000);
      case NOT_FINITE ->
          send(
              exchange,
              500,
              "{\"error\": {\"message\": \"Out of range float values are not JSON compliant: nan\"}}");
    }
  }

  private void route(HttpExchange exchange, String path, String body) throws IOException {
    switch (path) {
      case "/v1/models" -> {
        ObjectNode list = JSON.createObjectNode().put("object", "list");
        ArrayNode data = list.putArray("data");
        for (String id : models) {
          data.addObject().put("id", id).put("owned_by", owner).put("max_model_len", contextLength);
        }
        send(exchange, 200, list.toString());
      }
      case "/version" ->
          send(
              exchange,
              version.isPresent() ? 200 : 404,
              JSON.createObjectNode().put("version", version.orElse("")).toString());
      case "/tokenize" -> {
        JsonNode question = JSON.readTree(body);
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode tokens = answer.putArray("tokens");
        for (int id :
            tokenizer
                .tokenizer()
                .encode(
                    question.path("prompt").stringValue(),
                    question.path("add_special_tokens").booleanValue())) {
          tokens.add(id);
        }
        send(exchange, tokenizes ? 200 : 404, tokenizes ? answer.toString() : "{}");
      }
      case "/v1/completions" -> completions(exchange, JSON.readTree(body));
      case "/v1/chat/completions" -> chat(exchange, JSON.readTree(body));
      default -> send(exchange, 404, "{\"detail\": \"Not Found\"}");
    }
  }

  private void completions(HttpExchange exchange, JsonNode question) throws IOException {
    boolean unknown =
        question.has("return_token_ids") && !givesIds
            || question.has("return_tokens_as_token_ids") && !namesIds
            || question.has("prompt_logprobs") && !givesPromptScores;
    if (refusesUnknownFields && unknown) {
      send(
          exchange,
          400,
          "{\"object\": \"error\", \"message\": \"Extra inputs are not permitted\", \"code\": 400}");
      return;
    }
    int[] prompt = ids(question.path("prompt"));
    if (question.path("stream").booleanValue(false)) {
      Generation generation = generate(question, prompt);
      stream(
          exchange,
          generation,
          stopIds(question),
          (piece, ids) -> {
            ObjectNode choice = JSON.createObjectNode();
            choice.put("index", 0).put("text", piece);
            if (givesIds && question.path("return_token_ids").booleanValue(false)) {
              ArrayNode given = choice.putArray("token_ids");
              ids.forEach(given::add);
            }
            if (namesIds && question.path("return_tokens_as_token_ids").booleanValue(false)) {
              ArrayNode named = choice.putObject("logprobs").putArray("tokens");
              ids.forEach(id -> named.add("token_id:" + id));
            }
            return choice;
          });
      return;
    }
    ObjectNode answer = JSON.createObjectNode();
    ObjectNode choice = answer.putArray("choices").addObject().put("text", "");
    TokenScores scores = model.score(List.of(new ScoringRequest(prompt, 1))).getFirst();
    if (givesPromptScores && question.has("prompt_logprobs")) {
      promptScores(choice.putArray("prompt_logprobs").addNull(), prompt, scores);
    } else if (echoes && question.path("echo").booleanValue(false)) {
      echo(choice.putObject("logprobs"), prompt, scores);
    }
    send(exchange, 200, answer.toString());
  }

  private static void promptScores(ArrayNode all, int[] prompt, TokenScores scores) {
    for (int i = 1; i < prompt.length; i++) {
      double score = scores.logProbabilities()[i - 1];
      ObjectNode entries = all.addObject();
      entry(entries, prompt[i], score, scores.greedy()[i - 1] ? 1 : 2);
      if (!scores.greedy()[i - 1]) {
        entry(entries, prompt[i] + 1, score / 2, 1);
      }
    }
  }

  private static void entry(ObjectNode entries, int id, double score, int rank) {
    entries
        .putObject(Integer.toString(id))
        .put("logprob", score == Double.NEGATIVE_INFINITY ? -9999.0 : score)
        .put("rank", rank)
        .put("decoded_token", "x");
  }

  private static void echo(ObjectNode given, int[] prompt, TokenScores scores) {
    ArrayNode values = given.putArray("token_logprobs").addNull();
    ArrayNode tokens = given.putArray("tokens").add("x");
    ArrayNode top = given.putArray("top_logprobs").addNull();
    for (int i = 1; i <= prompt.length; i++) {
      double score = i < prompt.length ? scores.logProbabilities()[i - 1] : -1;
      values.add(score);
      tokens.add("x" + i);
      ObjectNode best = top.addObject().put("x" + i, score);
      if (i < prompt.length && !scores.greedy()[i - 1]) {
        best.put("other", score / 2);
      }
    }
  }

  private void chat(HttpExchange exchange, JsonNode question) throws IOException {
    JsonNode message = question.path("messages").path(0);
    int[] prompt =
        tokenizer.prompt(
            List.of(
                new ChatMessage(
                    message.path("role").stringValue(), message.path("content").stringValue())),
            Optional.empty());
    Generation generation = generate(question, prompt);
    ThinkingSplit split = ThinkingSplit.of(generation.tokenIds(), tokenizer.thinking());
    int[] place = {0};
    stream(
        exchange,
        generation,
        tokenizer.stopIds(),
        (piece, ids) -> {
          ObjectNode choice = JSON.createObjectNode().put("index", 0);
          ObjectNode delta = choice.putObject("delta");
          boolean span =
              parsesReasoning
                  && tokenizer.thinking().closeId().isPresent()
                  && place[0] < generation.tokenIds().size() - split.answer().size();
          boolean mark =
              ids.stream()
                  .anyMatch(id ->
                      tokenizer.thinking().openId().stream().anyMatch(other -> other == id)
                          || tokenizer.thinking().closeId().stream()
                              .anyMatch(other -> other == id));
          place[0] += ids.size();
          if (!span || !mark) {
            delta.put(span ? "reasoning_content" : "content", piece);
          }
          return choice;
        });
  }

  private Generation generate(JsonNode question, int[] prompt) {
    double temperature = question.path("temperature").doubleValue(1);
    Sampling sampling =
        temperature == 0
            ? new Sampling.Greedy()
            : new Sampling.Random(temperature, 0, 1, question.path("seed").longValue(0));
    int budget = question.path("max_tokens").intValue();
    return model
        .generate(
            List.of(new GenerationRequest(prompt, budget, sampling, stopIds(question))), _ -> {})
        .getFirst();
  }

  private Set<Integer> stopIds(JsonNode question) {
    Set<Integer> stop = new TreeSet<>(tokenizer.stopIds());
    question.path("stop_token_ids").forEach(id -> stop.add(id.intValue()));
    return stop;
  }

  private interface Choice {
    ObjectNode of(String piece, List<Integer> ids);
  }

  private void stream(
      HttpExchange exchange, Generation generation, Set<Integer> stopIds, Choice choice)
      throws IOException {
    StringBuilder events = new StringBuilder();
    List<Integer> ids = generation.tokenIds();
    String before = "";
    for (int i = 0; i < ids.size(); i++) {
      String text = tokenizer.tokenizer().decode(ids.subList(0, i + 1), false);
      String piece = text.startsWith(before) ? text.substring(before.length()) : "";
      before = text;
      ObjectNode event = JSON.createObjectNode();
      event.putArray("choices").add(choice.of(piece, List.of(ids.get(i))).putNull("finish_reason"));
      events.append("data: ").append(event).append("\n\n");
    }
    boolean stopped = generation.reason() == Generation.Reason.STOP_TOKEN;
    ObjectNode last = choice.of("", stopped ? List.of(stopIds.iterator().next()) : List.of());
    ObjectNode event = JSON.createObjectNode();
    event.putArray("choices").add(last.put("finish_reason", stopped ? "stop" : "length"));
    events.append("data: ").append(event).append("\n\n");
    ObjectNode usage = JSON.createObjectNode();
    usage.putArray("choices");
    usage.putObject("usage").put("completion_tokens", ids.size() + (stopped ? 1 : 0));
    events.append("data: ").append(usage).append("\n\ndata: [DONE]\n\n");
    send(exchange, 200, events.toString());
  }

  private static int[] ids(JsonNode node) {
    int[] ids = new int[node.size()];
    Arrays.setAll(ids, i -> node.path(i).intValue());
    return ids;
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
