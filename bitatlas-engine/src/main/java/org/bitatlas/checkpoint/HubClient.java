package org.bitatlas.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The requests that a download makes of the hub. Follows redirects itself, so that the token goes
 * to the endpoint only; retries what may pass (5xx, 429, lost connections) with growing pauses.
 */
final class HubClient implements AutoCloseable {

  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_LISTING_BYTES = 64 << 20;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * A repository at one commit.
   *
   * @param commit its full hash
   * @param files names of all files
   */
  record Listing(String commit, List<String> files) {}

  /**
   * What the hub says of a file before it is downloaded.
   *
   * @param etag identity of the content: its SHA-256 for large files
   * @param size bytes, when told
   */
  record Description(String etag, OptionalLong size) {}

  /** A failure that may pass: tried again. */
  static final class Transient extends IOException {
    private static final long serialVersionUID = 1;

    Transient(String message) {
      super(message);
    }
  }

  private interface Attempt<T> {
    T run() throws IOException, InterruptedException;
  }

  private final HubSettings settings;
  private final HttpClient http;
  private final HubRefusal refusal;

  HubClient(HubSettings settings) {
    this.settings = settings;
    this.refusal = new HubRefusal(settings.endpoint());
    this.http =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.stallLimit())
            .build();
  }

  /** Commit and files of a revision, asked for up to {@code attempts} times. */
  Listing list(HubModelId id, int attempts) throws IOException {
    URI address = address(id.listing() + "/revision/" + encode(id.revision()));
    byte[] body =
        retried(
            attempts,
            () -> {
              HttpResponse<InputStream> response = get(address, 0);
              try (InputStream content = response.body()) {
                refusal.check(response, id, "");
                return content.readNBytes(MAX_LISTING_BYTES);
              }
            });
    try {
      JsonNode root = JSON.readTree(body);
      String commit = root.path("sha").stringValue("");
      List<String> files = new ArrayList<>();
      root.path("siblings").forEach(file -> files.add(file.path("rfilename").stringValue("")));
      if (commit.matches("[0-9a-fA-F]{7,64}") && !files.isEmpty()) {
        return new Listing(commit, List.copyOf(files));
      }
    } catch (JacksonException e) {
      throw new BitAtlasException(notAListing(id, address), e);
    }
    throw new BitAtlasException(notAListing(id, address));
  }

  /** Identity and size of a file. */
  Description describe(HubModelId id, String commit, String file) throws IOException {
    URI address = fileAddress(id, commit, file);
    HttpResponse<Void> response =
        retried(
            settings.attempts(),
            () -> {
              HttpResponse<Void> head = head(address);
              if (!isRedirect(head)) {
                refusal.check(head, id, file);
              }
              return head;
            });
    Optional<String> servedCommit = response.headers().firstValue("X-Repo-Commit");
    if (servedCommit.isPresent() && !servedCommit.get().equals(commit)) {
      throw new BitAtlasException(
          "The hub serves "
              + file
              + " of "
              + id
              + " from commit "
              + servedCommit.get()
              + " instead of "
              + commit
              + "; try again.");
    }
    String etag =
        response
            .headers()
            .firstValue("X-Linked-Etag")
            .or(() -> response.headers().firstValue("ETag"))
            .map(value -> value.replaceFirst("^W/", "").replace("\"", ""))
            .filter(value -> value.matches("[0-9A-Za-z._-]{1,200}"))
            .orElseThrow(() ->
                new BitAtlasException(
                    "The hub at "
                        + settings.endpoint()
                        + " gives no usable ETag for "
                        + file
                        + " of "
                        + id
                        + "."));
    OptionalLong size = response.headers().firstValueAsLong("X-Linked-Size");
    if (size.isEmpty() && !isRedirect(response)) {
      size = response.headers().firstValueAsLong("Content-Length");
    }
    return new Description(etag, size);
  }

  /**
   * Opens a file from byte {@code from} on.
   *
   * @return status 206 with the rest, or 200 with the whole file when the server ignores ranges
   * @throws Transient when the failure may pass; the caller tries again from where it stands
   */
  HttpResponse<InputStream> open(HubModelId id, String commit, String file, long from)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> response = get(fileAddress(id, commit, file), from);
    if (response.statusCode() != 416) {
      refusal.check(response, id, file);
    }
    return response;
  }

  /** The first answer that is final or, though a redirect, names the content. */
  private HttpResponse<Void> head(URI address) throws IOException, InterruptedException {
    URI current = address;
    for (int hop = 0; ; hop++) {
      HttpRequest request = request(current).HEAD().build();
      HttpResponse<Void> response = http.send(request, BodyHandlers.discarding());
      boolean named = response.headers().firstValue("X-Linked-Etag").isPresent();
      if (!isRedirect(response) || named) {
        return response;
      }
      current = next(response, hop);
    }
  }

  private HttpResponse<InputStream> get(URI address, long from)
      throws IOException, InterruptedException {
    URI current = address;
    for (int hop = 0; ; hop++) {
      HttpRequest.Builder request = request(current).GET();
      if (from > 0) {
        request.setHeader("Range", "bytes=" + from + "-");
      }
      HttpResponse<InputStream> response = http.send(request.build(), BodyHandlers.ofInputStream());
      if (!isRedirect(response)) {
        return response;
      }
      response.body().close();
      current = next(response, hop);
    }
  }

  private HttpRequest.Builder request(URI address) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .timeout(settings.stallLimit())
            .header("User-Agent", "bitatlas")
            .header("Accept-Encoding", "identity");
    if (sameOrigin(address, settings.endpoint())) {
      settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    }
    return request;
  }

  private URI next(HttpResponse<?> response, int hop) throws IOException {
    URI here = response.uri();
    String location = response.headers().firstValue("Location").orElse("");
    URI next;
    try {
      next = here.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new BitAtlasException(here + " redirects to an invalid address.", e);
    }
    boolean weaker = "https".equals(here.getScheme()) && !"https".equals(next.getScheme());
    if (hop >= MAX_REDIRECTS || location.isEmpty() || weaker || next.getHost() == null) {
      throw new BitAtlasException(
          here
              + " redirects to '"
              + location
              + "', which is not followed ("
              + (hop + 1)
              + " redirects).");
    }
    return next;
  }

  private <T> T retried(int attempts, Attempt<T> attempt) throws IOException {
    for (int failures = 0; ; ) {
      try {
        return attempt.run();
      } catch (IOException e) {
        failures++;
        if (failures >= attempts) {
          throw e;
        }
        pause(failures);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new BitAtlasException("The download was interrupted.", e);
      }
    }
  }

  /** Waits before attempt {@code failures} + 1. */
  void pause(int failures) {
    Duration wait = settings.firstPause().multipliedBy(1L << Math.min(failures - 1, 6));
    try {
      Thread.sleep(wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BitAtlasException("The download was interrupted.", e);
    }
  }

  private URI fileAddress(HubModelId id, String commit, String file) {
    return address(id.files() + "/resolve/" + commit + "/" + encode(file).replace("%2F", "/"));
  }

  private URI address(String path) {
    return URI.create(settings.endpoint() + path);
  }

  private String notAListing(HubModelId id, URI address) {
    return "The answer of "
        + address
        + " is no list of the files of "
        + id
        + ": is HF_ENDPOINT "
        + settings.endpoint()
        + " a Hugging Face hub?";
  }

  private static boolean isRedirect(HttpResponse<?> response) {
    return response.statusCode() / 100 == 3 && response.statusCode() != 304;
  }

  private static boolean sameOrigin(URI a, URI b) {
    return a.getScheme().equals(b.getScheme())
        && a.getHost().equalsIgnoreCase(b.getHost())
        && a.getPort() == b.getPort();
  }

  private static String encode(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
