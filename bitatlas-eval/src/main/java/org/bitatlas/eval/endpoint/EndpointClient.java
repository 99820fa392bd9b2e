package org.bitatlas.eval.endpoint;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Requests to one server. What may pass (429, 5xx, lost or late answers, answers that are not what
 * was asked for) is tried again with growing pauses; everything else is one sentence. Redirects are
 * not followed, so the key goes to the given address only. Thread-safe.
 */
final class EndpointClient implements AutoCloseable {

  static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final long SMALL = 4 << 20;
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

  /** Reads the body of an answer. */
  interface Reading<T> {

    /**
     * Reads the body.
     *
     * @param sent when the request was sent, as {@link System#nanoTime} has it
     * @throws IOException when the body is not what was asked for; the request is tried again
     */
    T read(BoundedBody body, long sent) throws IOException;
  }

  /** A failure that may pass. */
  private static final class Transient extends IOException {
    private static final long serialVersionUID = 1;
    private final transient Duration wait;

    Transient(String message, Duration wait) {
      super(message);
      this.wait = wait;
    }
  }

  private final EndpointSettings settings;
  private final HttpClient http;
  private final ServerMessage message;
  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("endpoint-deadlines").factory());

  EndpointClient(EndpointSettings settings) {
    this.settings = settings;
    this.message = new ServerMessage(settings.key());
    // HTTP/1.1: servers on uvicorn warn of every attempt to change to HTTP/2 over plain text.
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.timeout())
            .build();
  }

  EndpointSettings settings() {
    return settings;
  }

  /** A small JSON document. */
  JsonNode get(String path) {
    return retried(path, builder(path).GET().build(), SMALL, (body, sent) -> json(body));
  }

  /** A small JSON document that the server may not have. */
  Optional<JsonNode> optional(String path) {
    try {
      return Optional.of(get(path));
    } catch (EndpointRefusal e) {
      return Optional.empty();
    }
  }

  /** Asks, and reads an answer of at most {@code limit} bytes. */
  <T> T post(String path, JsonNode question, long limit, Reading<T> reading) {
    HttpRequest request =
        builder(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(question)))
            .build();
    return retried(path, request, limit, reading);
  }

  /** Asks, and reads JSON. */
  JsonNode post(String path, JsonNode question, long limit) {
    return post(path, question, limit, (body, sent) -> json(body));
  }

  /** Text of the server fit for an error: one short line without the key. */
  String tidy(String text) {
    return message.tidy(text);
  }

  /** A body that is JSON. */
  static JsonNode json(BoundedBody body) throws IOException {
    try {
      return JSON.readTree(body.bytes());
    } catch (JacksonException e) {
      throw new IOException("the answer is not JSON", e);
    }
  }

  private HttpRequest.Builder builder(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(settings.address().of(path))
            .timeout(settings.timeout())
            .header("User-Agent", "bitatlas")
            .header("Accept-Encoding", "identity");
    settings.key().ifPresent(key -> request.header("Authorization", "Bearer " + key));
    return request;
  }

  private <T> T retried(String path, HttpRequest request, long limit, Reading<T> reading) {
    for (int failures = 0; ; ) {
      Duration wait = settings.firstPause().multipliedBy(1L << Math.min(failures, 6));
      try {
        return once(path, request, limit, reading);
      } catch (IOException e) {
        failures++;
        if (failures >= settings.attempts() || e instanceof BoundedBody.TooLong) {
          throw failed(path, failures, e);
        }
        pause(longer(wait, e instanceof Transient passing ? passing.wait : Duration.ZERO));
      } catch (InterruptedException e) {
        throw interrupted();
      }
    }
  }

  private <T> T once(String path, HttpRequest request, long limit, Reading<T> reading)
      throws IOException, InterruptedException {
    long sent = System.nanoTime();
    HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      Future<?> deadline =
          deadlines.schedule(
              () -> {
                in.close();
                return true;
              },
              Math.max(0, settings.timeout().toNanos() - (System.nanoTime() - sent)),
              TimeUnit.NANOSECONDS);
      try {
        check(path, response, in);
        return reading.read(new BoundedBody(in, limit), sent);
      } catch (JacksonException e) {
        throw new IOException("the answer has another form than was asked for", e);
      } catch (IOException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedException();
        }
        if (deadline.isDone() && !(e instanceof BoundedBody.TooLong)) {
          throw new HttpTimeoutException("request timed out");
        }
        throw e;
      } finally {
        deadline.cancel(false);
      }
    }
  }

  private void check(String path, HttpResponse<?> response, InputStream in) throws IOException {
    int status = response.statusCode();
    if (status == 200) {
      return;
    }
    String said = message.of(in.readNBytes(ServerMessage.MOST_BYTES));
    if (said.contains("Out of range float values")) {
      throw new NonFiniteAnswer();
    }
    String what = "status " + status + (said.isEmpty() ? "" : ": " + said);
    if (status == 429 || status == 408 || status >= 500) {
      throw new Transient(what, retryAfter(response));
    }
    String remedy =
        switch (status) {
          case 401, 403 -> "; set " + EndpointSettings.KEY_VARIABLE + " to its key";
          case 301, 302, 303, 307, 308 -> "; give the address it redirects to";
          default -> "";
        };
    throw new EndpointRefusal(
        "The server at %s refused %s with %s%s"
            .formatted(settings.address(), path, what.replaceFirst("\\.$", ""), remedy));
  }

  private static Duration retryAfter(HttpResponse<?> response) {
    String value = response.headers().firstValue("Retry-After").orElse("");
    return value.matches("[0-9]{1,6}") ? Duration.ofSeconds(Long.parseLong(value)) : Duration.ZERO;
  }

  private static Duration longer(Duration one, Duration other) {
    Duration longer = one.compareTo(other) >= 0 ? one : other;
    return longer.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longer;
  }

  private static void pause(Duration wait) {
    try {
      Thread.sleep(wait);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static CancellationException interrupted() {
    Thread.currentThread().interrupt();
    return new CancellationException("interrupted");
  }

  private BitAtlasException failed(String path, int attempts, IOException e) {
    String why =
        switch (e) {
          case HttpTimeoutException _ ->
              "no complete answer within " + settings.timeout().toSeconds() + " s";
          case java.net.ConnectException _ -> "no connection";
          default -> message.tidy(e.getMessage() == null ? e.toString() : e.getMessage());
        };
    return new BitAtlasException(
        "The server at %s did not answer %s (%d attempts, the last: %s); see that it runs, then run the same command to go on."
            .formatted(settings.address(), path, attempts, why),
        e);
  }

  @Override
  public void close() {
    deadlines.shutdownNow();
    http.shutdownNow();
  }
}
