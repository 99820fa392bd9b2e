package org.bitatlas.study;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.generate.ScoringRequest;
import org.bitatlas.generate.TokenScores;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A language model whose answers are journaled call by call. A cell asks the same calls in the same
 * order each time, so a cell that runs again gets what the model answered before it was killed, to
 * the bit, and the model is only asked the rest. An answer to other requests than those of the call
 * is not taken.
 */
final class JournaledLanguageModel implements LanguageModel {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final LanguageModel model;
  private final CellJournal journal;
  private int calls;

  JournaledLanguageModel(LanguageModel model, CellJournal journal) {
    this.model = model;
    this.journal = journal;
  }

  /** Answers to the requests of a digest. */
  private record Scored(String requests, List<TokenScores> scores) {}

  private record Generated(String requests, List<Generation> generations) {}

  @Override
  public OptionalInt contextLength() {
    return model.contextLength();
  }

  @Override
  public List<TokenScores> score(List<ScoringRequest> requests) {
    int call = calls++;
    Digest digest = new Digest("score");
    for (ScoringRequest request : requests) {
      digest.add(request.tokenIds());
      digest.add(new int[] {request.from()});
    }
    String name = digest.name();
    Optional<Scored> kept =
        recalled(call, Scored.class).filter(scored -> scored.requests().equals(name));
    if (kept.isPresent()) {
      return kept.get().scores();
    }
    List<TokenScores> scores = model.score(requests);
    journal.keep(call, bytes(new Scored(name, scores)));
    return scores;
  }

  @Override
  public List<Generation> generate(
      List<GenerationRequest> requests, Consumer<? super Generation> finished) {
    int call = calls++;
    Digest digest = new Digest("generate");
    for (GenerationRequest request : requests) {
      digest.add(request.promptIds());
      digest.add(
          request.maxNewTokens()
              + " "
              + request.sampling()
              + new TreeSet<>(request.stopIds())
              + request.thinking()
              + request.end().isPresent());
    }
    String name = digest.name();
    Optional<Generated> kept =
        recalled(call, Generated.class).filter(generated -> generated.requests().equals(name));
    if (kept.isPresent()) {
      kept.get().generations().forEach(finished);
      return kept.get().generations();
    }
    List<Generation> generations = model.generate(requests, finished);
    if (generations.stream().noneMatch(one -> one.reason() == Generation.Reason.CANCELLED)) {
      journal.keep(call, bytes(new Generated(name, generations)));
    }
    return generations;
  }

  /** What cannot be read was written by another version: the model is asked again. */
  private <T> Optional<T> recalled(int call, Class<T> type) {
    return journal
        .recall(call)
        .flatMap(bytes -> {
          try {
            return Optional.of(JSON.readValue(bytes, type));
          } catch (JacksonException otherVersion) {
            return Optional.empty();
          }
        });
  }

  private static byte[] bytes(Object answer) {
    return JSON.writeValueAsBytes(answer);
  }

  /** SHA-256 of requests. */
  private static final class Digest {
    private final MessageDigest digest;

    Digest(String kind) {
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
      add(kind);
    }

    void add(int[] ids) {
      ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(4, ids.length + 1));
      bytes.putInt(ids.length);
      for (int id : ids) {
        bytes.putInt(id);
      }
      digest.update(bytes.array());
    }

    void add(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      add(new int[] {bytes.length});
      digest.update(bytes);
    }

    String name() {
      return HexFormat.of().formatHex(digest.digest());
    }
  }
}
