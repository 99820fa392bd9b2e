package org.bitatlas.eval.endpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Every answer of a server, a line of JSON each, so that a run that ends early asks for none of
 * them again. The file belongs to one server, model and version: the caller names it after them.
 * Without a file it keeps nothing. Thread-safe.
 */
final class ReplyJournal {

  /**
   * A line.
   *
   * @param question SHA-256 of what was asked
   * @param answer what was answered
   */
  private record Line(String question, JsonNode answer) {}

  private final Optional<Path> file;
  private final Map<String, JsonNode> answers = new ConcurrentHashMap<>();

  private ReplyJournal(Optional<Path> file) {
    this.file = file;
  }

  /**
   * Opens a journal and reads the answers it has; a line that was cut off is left out.
   *
   * @throws BitAtlasException when the file cannot be read
   */
  static ReplyJournal open(Optional<Path> file) {
    ReplyJournal journal = new ReplyJournal(file);
    if (file.filter(Files::exists).isPresent()) {
      try (Stream<String> lines = Files.lines(file.get())) {
        lines.forEach(journal::remember);
      } catch (IOException | UncheckedIOException e) {
        throw journal.unusable(e);
      }
    }
    return journal;
  }

  /** The answer that is known, or else the one that {@code ask} gets, which is then kept. */
  <T> T answered(String what, JsonNode question, Class<T> type, Supplier<T> ask) {
    return answered(what, question, type, _ -> true, ask);
  }

  /**
   * The answer that is known and fits, or else the one that {@code ask} gets, which is then kept.
   */
  <T> T answered(
      String what, JsonNode question, Class<T> type, Predicate<T> fits, Supplier<T> ask) {
    if (file.isEmpty()) {
      return ask.get();
    }
    String key = Sha256.of(what + "\n" + question);
    JsonNode known = answers.get(key);
    if (known != null) {
      T answer = EndpointClient.JSON.treeToValue(known, type);
      if (fits.test(answer)) {
        return answer;
      }
    }
    T answer = ask.get();
    Line line = new Line(key, EndpointClient.JSON.valueToTree(answer));
    answers.put(key, line.answer());
    keep(line);
    return answer;
  }

  /** Deletes the file: its answers are in records. */
  void delete() {
    try {
      if (file.isPresent()) {
        Files.deleteIfExists(file.get());
      }
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private void remember(String text) {
    try {
      Line line = EndpointClient.JSON.readValue(text, Line.class);
      answers.put(line.question(), line.answer());
    } catch (JacksonException e) {
      // The line a process was writing when it ended: that item is asked again.
    }
  }

  private synchronized void keep(Line line) {
    Path path = file.orElseThrow();
    try {
      if (path.getParent() != null) {
        Files.createDirectories(path.getParent());
      }
      Files.write(
          path,
          ("\n" + EndpointClient.JSON.writeValueAsString(line)).getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private BitAtlasException unusable(Exception e) {
    return new BitAtlasException(
        "The journal %s cannot be used: %s; choose another --out."
            .formatted(file.orElseThrow(), e.getMessage()),
        e);
  }
}
