package org.bitatlas.quant.calibration;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * Where calibration sequences come from and how they are cut out: data, the same for every method.
 * {@link CalibrationSets#of} makes the sequences.
 */
public sealed interface CalibrationSource {

  /** The file that is read. */
  Path file();

  /**
   * JSON lines with a {@code text}: whole samples, shuffled, concatenated and cut.
   *
   * @param file JSON lines
   */
  record Samples(Path file) implements CalibrationSource {}

  /**
   * One plain text: random windows.
   *
   * @param file UTF-8 text
   */
  record Text(Path file) implements CalibrationSource {}

  /**
   * WikiText as the loaders of GPTQ and its descendants take it: all rows joined and tokenized
   * once, windows at positions of Python's generator.
   *
   * @param file raw WikiText, a row per line
   * @param joining what stands between the rows
   */
  record WikiText(Path file, Joining joining) implements CalibrationSource {}

  /**
   * C4 as the loaders of GPTQ and its descendants take it: random documents until one has enough
   * tokens, a random window in it, both of Python's generator.
   *
   * @param file JSON lines with a {@code text}, one document each
   */
  record C4(Path file) implements CalibrationSource {}

  /**
   * The Pile as AWQ's loader takes it: samples in the order of a seeded shuffle, those longer than
   * a sequence left out, concatenated and cut.
   *
   * @param file JSON lines with a {@code text}, one sample each
   */
  record Pile(Path file) implements CalibrationSource {}

  /**
   * Conversations through the model's own chat template, shuffled, concatenated and cut.
   *
   * @param file JSON lines with {@code messages} (each with {@code role} and {@code content}) or
   *     with {@code prompt} and {@code response}; {@code mode} names the thinking mode of one
   * @param mode the thinking mode asked for, conversations of other modes left out; empty for the
   *     mode each names, or the model's default
   */
  record Chat(Path file, Optional<ThinkingMode> mode) implements CalibrationSource {}

  /**
   * The plain texts among JSON lines that hold conversations too, as {@link Samples} takes them:
   * what chat samples of the same file are compared with.
   *
   * @param file JSON lines; records with {@code messages}, or {@code prompt} and {@code response},
   *     are left out
   */
  record Plain(Path file) implements CalibrationSource {}

  /** What a source without a prefix may be written as. */
  String SYNTAX =
      "wikitext2:FILE, c4:FILE, pile:FILE, chat:FILE, plain:FILE (the records that are no"
          + " conversations), samples:FILE (JSON lines with a text), text:FILE, or a FILE alone"
          + " (.jsonl: samples, else text)";

  /**
   * A source from its written form, {@link #SYNTAX}.
   *
   * @param written the form
   * @param mode thinking mode of a chat source
   * @param joining joining of a WikiText source; empty for {@link Joining#BLANK_LINE}
   * @param locate turns the FILE of the form into a path
   * @throws BitAtlasException for an unknown kind, or an option of another kind
   */
  static CalibrationSource parse(
      String written,
      Optional<ThinkingMode> mode,
      Optional<Joining> joining,
      Function<String, Path> locate) {
    CalibrationSource source = parse(written, mode, joining.orElse(Joining.BLANK_LINE), locate);
    if (mode.isPresent() && !(source instanceof Chat)) {
      throw new BitAtlasException(
          "A thinking mode is given for the calibration source '%s', which is no chat: write chat:FILE or leave the mode out."
              .formatted(written));
    }
    if (joining.isPresent() && !(source instanceof WikiText)) {
      throw new BitAtlasException(
          "A joining of rows is given for the calibration source '%s', which is not WikiText: write wikitext2:FILE or leave it out."
              .formatted(written));
    }
    return source;
  }

  private static CalibrationSource parse(
      String written, Optional<ThinkingMode> mode, Joining joining, Function<String, Path> locate) {
    // One letter before the colon is a drive.
    Matcher form = Pattern.compile("([A-Za-z0-9_-]{2,}):(.+)").matcher(written);
    if (!form.matches()) {
      return plain(locate.apply(written));
    }
    String name = form.group(2);
    return switch (form.group(1)) {
      case "wikitext2" -> new WikiText(locate.apply(name), joining);
      case "c4" -> new C4(locate.apply(name));
      case "pile" -> new Pile(locate.apply(name));
      case "chat" -> new Chat(locate.apply(name), mode);
      case "plain" -> new Plain(locate.apply(name));
      case "samples" -> new Samples(locate.apply(name));
      case "text" -> new Text(locate.apply(name));
      default -> {
        Path file = locate.apply(written);
        if (Files.exists(file)) {
          yield plain(file);
        }
        throw new BitAtlasException(
            "The calibration source '%s' has an unknown kind; write %s."
                .formatted(written, SYNTAX));
      }
    };
  }

  private static CalibrationSource plain(Path file) {
    return file.toString().endsWith(".jsonl") ? new Samples(file) : new Text(file);
  }
}
