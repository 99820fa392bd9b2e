package org.bitatlas.quant.calibration;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.Tokenizer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes calibration sets. Every set is a function of its source, number, length and seed alone; a
 * source that is too short is an error, never wrapped around.
 */
public final class CalibrationSets {

  /** Raised when the same source, number, length and seed give other sequences. */
  public static final int BEHAVIOUR_VERSION = 1;

  private CalibrationSets() {}

  /**
   * How many sequences, how long, in which order.
   *
   * @param sequences number of sequences, at least 1
   * @param length tokens of each, at least 2
   * @param seed seed of the order or of the window positions
   */
  public record Selection(int sequences, int length, long seed) {
    /**
     * Checks the ranges.
     *
     * @throws BitAtlasException when a number is too small
     */
    public Selection {
      if (sequences < 1 || length < 2) {
        throw new BitAtlasException(
            "A calibration set of %d sequences of %d tokens is asked for; give at least 1 of 2."
                .formatted(sequences, length));
      }
    }
  }

  /**
   * Sequences given as token ids, in the order given.
   *
   * @param source where they come from, for the description
   * @throws BitAtlasException when there are none or their lengths differ
   */
  public static CalibrationSet ofIds(List<int[]> sequences, String source) {
    if (sequences.isEmpty() || sequences.getFirst().length == 0) {
      throw new BitAtlasException("The calibration source " + source + " holds no token ids.");
    }
    int length = sequences.getFirst().length;
    for (int[] sequence : sequences) {
      if (sequence.length != length) {
        throw new BitAtlasException(
            "The calibration source %s holds sequences of %d and of %d tokens; cut all to one length."
                .formatted(source, length, sequence.length));
      }
    }
    SequencedMap<String, String> description = new LinkedHashMap<>();
    description.put("source", source);
    description.put("sequences", Integer.toString(sequences.size()));
    description.put("length", Integer.toString(length));
    description.put("order", "as given");
    return finish(sequences, description);
  }

  /**
   * Whole samples, each with the tokenizer's special tokens (begin of sequence), shuffled by the
   * seed, concatenated without separator and cut into windows; the first ones are taken. A sample
   * may span two windows.
   *
   * @throws BitAtlasException when the samples give fewer windows than asked for
   */
  public static CalibrationSet fromSamples(
      List<String> samples, Tokenizer tokenizer, Selection selection, String source) {
    long needed = (long) selection.sequences() * selection.length();
    int[] order = shuffled(samples.size(), selection.seed());
    List<int[]> sequences = new ArrayList<>();
    int[] window = new int[selection.length()];
    int filled = 0;
    long tokens = 0;
    for (int sample : order) {
      int[] ids = tokenizer.encode(samples.get(sample), true);
      tokens += ids.length;
      for (int id : ids) {
        window[filled++] = id;
        if (filled == window.length) {
          sequences.add(window);
          if (sequences.size() == selection.sequences()) {
            return finish(
                sequences,
                describe(selection, source, tokenizer, "samples shuffled, concatenated, cut"));
          }
          window = new int[selection.length()];
          filled = 0;
        }
      }
    }
    throw tooShort(source, tokens, needed);
  }

  /**
   * The {@code text} fields of a JSON-lines file, as {@link #fromSamples}.
   *
   * @throws BitAtlasException when the file cannot be read, a line is not an object with a text, or
   *     the samples are too short
   */
  public static CalibrationSet fromJsonLines(Path file, Tokenizer tokenizer, Selection selection) {
    return fromSamples(
        textsOf(readText(file), file.toString()),
        tokenizer,
        selection,
        String.valueOf(file.getFileName()));
  }

  /**
   * Random windows of one long text, as GPTQ's loaders take them: the text is tokenized once and
   * each sequence starts at a position drawn uniformly; windows may overlap.
   *
   * @throws BitAtlasException when the text is shorter than the windows together
   */
  public static CalibrationSet fromText(
      String text, Tokenizer tokenizer, Selection selection, String source) {
    int[] ids = tokenizer.encode(text, true);
    long needed = (long) selection.sequences() * selection.length();
    if (ids.length < needed) {
      throw tooShort(source, ids.length, needed);
    }
    SplittableRandom random = new SplittableRandom(selection.seed());
    List<int[]> sequences = new ArrayList<>();
    for (int n = 0; n < selection.sequences(); n++) {
      int from = random.nextInt(ids.length - selection.length() + 1);
      int[] sequence = new int[selection.length()];
      System.arraycopy(ids, from, sequence, 0, sequence.length);
      sequences.add(sequence);
    }
    return finish(sequences, describe(selection, source, tokenizer, "random windows"));
  }

  /**
   * The {@code text} fields of JSON lines, in file order; blank lines are skipped.
   *
   * @param source where the lines come from, for error messages
   * @throws BitAtlasException naming the line that is not an object with a string {@code text}
   */
  public static List<String> textsOf(String lines, String source) {
    JsonMapper mapper = JsonMapper.builder().build();
    List<String> texts = new ArrayList<>();
    int number = 0;
    for (String line : lines.lines().toList()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      texts.add(textOf(mapper, line, source + ", line " + number));
    }
    return List.copyOf(texts);
  }

  private static String textOf(JsonMapper mapper, String line, String where) {
    try {
      JsonNode text = mapper.readTree(line).path("text");
      if (text.isString()) {
        return text.stringValue();
      }
    } catch (JacksonException e) {
      throw new BitAtlasException("Calibration sample at " + where + " is not valid JSON.", e);
    }
    throw new BitAtlasException(
        "Calibration sample at " + where + " is not an object with a string field 'text'.");
  }

  private static String readText(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BitAtlasException(
          "The calibration file " + file + " cannot be read as UTF-8 text: " + e.getMessage(), e);
    }
  }

  private static int[] shuffled(int count, long seed) {
    int[] order = IntStream.range(0, count).toArray();
    SplittableRandom random = new SplittableRandom(seed);
    for (int last = count - 1; last > 0; last--) {
      int other = random.nextInt(last + 1);
      int moved = order[last];
      order[last] = order[other];
      order[other] = moved;
    }
    return order;
  }

  private static BitAtlasException tooShort(String source, long found, long needed) {
    return new BitAtlasException(
        "The calibration source %s has %d tokens, but %d are asked for; ask for fewer or shorter sequences."
            .formatted(source, found, needed));
  }

  private static SequencedMap<String, String> describe(
      Selection selection, String source, Tokenizer tokenizer, String order) {
    SequencedMap<String, String> description = new LinkedHashMap<>();
    description.put("source", source);
    description.put("sequences", Integer.toString(selection.sequences()));
    description.put("length", Integer.toString(selection.length()));
    description.put("seed", Long.toString(selection.seed()));
    description.put("order", order);
    OptionalInt begin = tokenizer.beginOfSequenceId();
    description.put("begin_of_sequence", begin.isPresent() ? "added" : "none");
    return description;
  }

  private static CalibrationSet finish(
      List<int[]> sequences, SequencedMap<String, String> description) {
    String digest = digest(sequences);
    description.put("digest", digest);
    return new CalibrationSet(List.copyOf(sequences), digest, description);
  }

  private static String digest(List<int[]> sequences) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (int[] sequence : sequences) {
        update(sha, sequence.length);
        for (int id : sequence) {
          update(sha, id);
        }
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  private static void update(MessageDigest sha, int value) {
    sha.update((byte) value);
    sha.update((byte) (value >>> 8));
    sha.update((byte) (value >>> 16));
    sha.update((byte) (value >>> 24));
  }
}
