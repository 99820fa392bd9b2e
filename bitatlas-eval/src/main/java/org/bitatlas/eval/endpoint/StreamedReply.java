package org.bitatlas.eval.endpoint;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import org.bitatlas.generate.GenerationRequest;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A reply as its server-sent events brought it.
 *
 * @param pieces its parts in order, usually one a token
 * @param finish why it ended: {@code stop}, {@code length} or another reason of the server
 * @param tokens tokens of the reply as the server counts them, where it tells
 * @param times when it was sent, and when the first and the last piece came
 */
record StreamedReply(List<Piece> pieces, String finish, OptionalInt tokens, Times times) {

  /** Why a reply ended whose rest was not read. */
  static final String ENOUGH = "enough";

  /**
   * A part of a reply.
   *
   * @param text its text
   * @param thinking whether the server's parser calls it reasoning
   * @param ids ids of its tokens, where the server gives them
   */
  record Piece(String text, boolean thinking, List<Integer> ids) {}

  /**
   * Times as {@link System#nanoTime} has them.
   *
   * @param sent when the request was sent
   * @param first when its first piece came; empty for a reply without one
   * @param last when its last piece came, or its end
   */
  record Times(long sent, OptionalLong first, long last) {}

  /**
   * Asks a server for a reply and measures it.
   *
   * @param finishes ends of a reply that are one; with another it is asked again
   */
  static StreamedReply ask(
      EndpointClient client,
      SpeedMeter meter,
      String path,
      ObjectNode question,
      GenerationRequest request,
      Set<String> finishes,
      EndpointClient.Reading<StreamedReply> reading) {
    StreamedReply reply =
        client.post(
            path,
            question,
            Limits.reply(request.promptIds().length, request.mostTokens()),
            (body, sent) -> {
              StreamedReply read = reading.read(body, sent);
              if (!finishes.contains(read.finish())) {
                throw new IOException("the server ended a reply as '" + read.finish() + "'");
              }
              return read;
            });
    meter.add(reply.times(), reply.tokens().orElse(reply.pieces().size()));
    return reply;
  }

  /** Reads the events of a completion or chat completion to their end. */
  static StreamedReply read(BoundedBody body, long sent) throws IOException {
    return read(body, sent, _ -> false);
  }

  /**
   * Reads the events of a completion or chat completion.
   *
   * @param enough told each piece; whether nothing behind it is wanted, {@code finish} is then
   *     {@link #ENOUGH}
   * @throws IOException when the stream ends early, is not of that form or holds an error
   */
  static StreamedReply read(BoundedBody body, long sent, Predicate<Piece> enough)
      throws IOException {
    List<Piece> pieces = new ArrayList<>();
    String finish = "";
    OptionalInt tokens = OptionalInt.empty();
    OptionalLong first = OptionalLong.empty();
    long last = sent;
    while (true) {
      Optional<String> line = body.line();
      if (line.isEmpty() || line.get().equals("data: [DONE]")) {
        if (finish.isEmpty()) {
          throw new IOException("the stream ended before the reply did");
        }
        return new StreamedReply(List.copyOf(pieces), finish, tokens, new Times(sent, first, last));
      }
      if (!line.get().startsWith("data:")) {
        if (line.get().isEmpty() || line.get().startsWith(":") || line.get().startsWith("event:")) {
          continue;
        }
        throw new IOException("the answer is not a stream of events");
      }
      JsonNode event = json(line.get().substring("data:".length()));
      JsonNode usage = event.path("usage").path("completion_tokens");
      tokens = usage.isInt() ? OptionalInt.of(usage.intValue()) : tokens;
      for (JsonNode choice : event.path("choices")) {
        List<Piece> more = pieces(choice);
        if (!more.isEmpty()) {
          last = System.nanoTime();
          first = first.isPresent() ? first : OptionalLong.of(last);
          for (Piece piece : more) {
            pieces.add(piece);
            if (enough.test(piece)) {
              Times times = new Times(sent, first, last);
              return new StreamedReply(List.copyOf(pieces), ENOUGH, OptionalInt.empty(), times);
            }
          }
        }
        finish = choice.path("finish_reason").stringValue(finish);
      }
    }
  }

  private static JsonNode json(String text) throws IOException {
    JsonNode event;
    try {
      event = EndpointClient.JSON.readTree(text);
    } catch (JacksonException e) {
      throw new IOException("an event of the stream is not JSON", e);
    }
    Optional<String> error = event.has("choices") ? Optional.empty() : ServerMessage.of(event);
    if (error.isPresent()) {
      throw new IOException("the stream broke off: " + error.get());
    }
    return event;
  }

  private static List<Piece> pieces(JsonNode choice) {
    JsonNode delta = choice.path("delta");
    List<Integer> ids = ids(choice);
    // vLLM renamed reasoning_content to reasoning; a server may send both.
    String thinking =
        delta.path("reasoning").stringValue(delta.path("reasoning_content").stringValue(""));
    String text = choice.path("text").stringValue(delta.path("content").stringValue(""));
    List<Piece> pieces = new ArrayList<>();
    if (!thinking.isEmpty()) {
      pieces.add(new Piece(thinking, true, text.isEmpty() ? ids : List.of()));
    }
    if (!text.isEmpty() || (thinking.isEmpty() && !ids.isEmpty())) {
      pieces.add(new Piece(text, false, ids));
    }
    return pieces;
  }

  private static List<Integer> ids(JsonNode choice) {
    List<Integer> ids = new ArrayList<>();
    JsonNode given = choice.path("token_ids");
    if (given.isArray()) {
      given.forEach(id -> ids.add(id.intValue()));
      return ids;
    }
    for (JsonNode token : choice.path("logprobs").path("tokens")) {
      String name = token.stringValue("");
      if (!name.matches("token_id:[0-9]{1,9}")) {
        return List.of();
      }
      ids.add(Integer.parseInt(name.substring("token_id:".length())));
    }
    return ids;
  }
}
