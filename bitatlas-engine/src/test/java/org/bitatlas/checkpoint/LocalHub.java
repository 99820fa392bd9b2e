package org.bitatlas.checkpoint;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** A hub on this machine that serves one model or data set and can be told to misbehave. */
final class LocalHub implements AutoCloseable {

  static final String ID = "owner/model";
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** One request as it arrived. */
  record Request(String method, String path, Optional<String> range, Optional<String> token) {}

  final Map<String, byte[]> files = new LinkedHashMap<>();
  final List<Request> requests = new CopyOnWriteArrayList<>();

  /** Answers of this status instead of the next ones, so many times. */
  final AtomicInteger failuresLeft = new AtomicInteger();

  volatile int failureStatus = 503;
  volatile String errorCode = "";

  /** In front of the name in paths: empty for a model, {@code datasets/} for a data set. */
  volatile String kind = "";

  volatile String requiredToken = "";

  /** Breaks the connection after this many bytes of a file, so many times. */
  volatile int cutAfter = Integer.MAX_VALUE;

  final AtomicInteger cutsLeft = new AtomicInteger();
  volatile boolean stallInsteadOfCut;
  volatile boolean ignoresRanges;
  volatile boolean lies;

  /** Serves large files through a redirect to another host name, as the real hub does. */
  volatile boolean redirects;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  LocalHub() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Paths of the requests for the contents of files. */
  List<String> downloads() {
    return requests.stream()
        .filter(request -> request.method().equals("GET") && !request.path().startsWith("/api/"))
        .map(Request::path)
        .toList();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getRawPath();
      String token = exchange.getRequestHeaders().getFirst("Authorization");
      requests.add(
          new Request(
              exchange.getRequestMethod(),
              path,
              Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range")),
              Optional.ofNullable(token)));
      if (failuresLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        refuse(exchange, failureStatus);
      } else if (!requiredToken.isEmpty()
          && !path.startsWith("/cdn/")
          && !("Bearer " + requiredToken).equals(token)) {
        refuse(exchange, 401);
      } else if (path.startsWith(
          "/api/" + (kind.isEmpty() ? "models/" : kind) + ID + "/revision/")) {
        list(exchange);
      } else {
        serve(exchange, path);
      }
    }
  }

  private void list(HttpExchange exchange) throws IOException {
    String siblings =
        files.keySet().stream()
            .map(name -> "{\"rfilename\":\"" + name + "\"}")
            .collect(Collectors.joining(","));
    byte[] body =
        ("{\"sha\":\"" + COMMIT + "\",\"siblings\":[" + siblings + "]}")
            .getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  private void serve(HttpExchange exchange, String path) throws IOException {
    String start = "/" + kind + ID + "/resolve/" + COMMIT + "/";
    boolean known = path.startsWith(start) || path.startsWith("/cdn/");
    String name =
        path.startsWith(start)
            ? path.substring(start.length())
            : path.substring(path.lastIndexOf('/') + 1);
    byte[] content = files.get(name);
    if (content == null || !known) {
      refuse(exchange, 404);
      return;
    }
    boolean large = name.endsWith(".safetensors");
    exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
    if (large) {
      exchange.getResponseHeaders().set("X-Linked-Etag", '"' + sha256(content) + '"');
      exchange.getResponseHeaders().set("X-Linked-Size", Integer.toString(content.length));
    } else {
      exchange.getResponseHeaders().set("ETag", "W/\"etag-of-" + name.replace('/', '.') + '"');
    }
    if (large && redirects && !path.startsWith("/cdn/")) {
      int port = server.getAddress().getPort();
      exchange.getResponseHeaders().set("Location", "http://localhost:" + port + "/cdn/" + name);
      exchange.sendResponseHeaders(302, -1);
      return;
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(content.length));
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    send(exchange, lies && large ? flipped(content) : content, large);
  }

  private void send(HttpExchange exchange, byte[] content, boolean large) throws IOException {
    int from = 0;
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range != null && !ignoresRanges) {
      from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
      if (from >= content.length) {
        refuse(exchange, 416);
        return;
      }
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
      exchange.sendResponseHeaders(206, content.length - from);
    } else {
      exchange.sendResponseHeaders(200, content.length);
    }
    boolean cut = large && cutsLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    int end = cut ? Math.min(content.length, from + cutAfter) : content.length;
    OutputStream body = exchange.getResponseBody();
    body.write(content, from, end - from);
    body.flush();
    if (cut && stallInsteadOfCut) {
      sleep();
    }
    if (cut) {
      throw new IOException("cut on purpose");
    }
  }

  private void refuse(HttpExchange exchange, int status) throws IOException {
    if (!errorCode.isEmpty()) {
      exchange.getResponseHeaders().set("X-Error-Code", errorCode);
    }
    exchange.sendResponseHeaders(status, -1);
  }

  private static void sleep() {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] flipped(byte[] content) {
    byte[] other = Arrays.copyOf(content, content.length);
    other[other.length / 2] ^= 1;
    return other;
  }

  static String sha256(byte[] content) {
    return HexFormat.of().formatHex(WeightsDigest.sha256().digest(content));
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
