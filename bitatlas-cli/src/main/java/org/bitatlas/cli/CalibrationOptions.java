package org.bitatlas.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.quant.calibration.CalibrationSource;
import org.bitatlas.quant.calibration.Joining;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.bitatlas.tokenizer.ThinkingMode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which calibration sequences, how many, how long: the same for every method. */
final class CalibrationOptions {

  @Option(
      names = "--calibration",
      paramLabel = "SOURCE",
      description = {
        "Calibration texts: a FILE (.jsonl with a field 'text', or one plain text), or"
            + " wikitext2:FILE, c4:FILE, pile:FILE, chat:FILE as the methods' loaders take"
            + " them; FILE may be 'nano', the embedded samples (default: nano). 'random': random"
            + " token ids, to measure time and memory only."
      })
  String source = ModelReference.NANO;

  private static final String RANDOM = "random";

  @Option(
      names = "--calibration-mode",
      paramLabel = "MODE",
      converter = ThinkingModes.class,
      description =
          "Thinking mode of chat samples: slow_think, auto_think or no_think (default: as the"
              + " samples say).")
  Optional<ThinkingMode> mode = Optional.empty();

  @Option(
      names = "--calibration-join",
      paramLabel = "JOIN",
      description =
          "What joins the rows of wikitext2: blank-line (default), space, stripped or"
              + " paragraphs.")
  Optional<String> join = Optional.empty();

  @Mixin CalibrationShape shape;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Seed of their choice (default: ${DEFAULT-VALUE}).")
  long seed;

  private Selection selection() {
    return new Selection(shape.samples, shape.length, seed);
  }

  /**
   * The sequences for a model.
   *
   * @param folder its folder, for the tokenizer
   * @param vocabulary number of token ids
   */
  CalibrationSet set(Path folder, int vocabulary) {
    if (source.equals(RANDOM)) {
      return random(vocabulary);
    }
    CalibrationSource from =
        CalibrationSource.parse(source, mode, join.map(Joining::named), CalibrationOptions::locate);
    return CalibrationSets.of(from, ChatTokenizers.load(folder), selection());
  }

  /** Token ids drawn evenly: for measuring time and memory, where no tokenizer is at hand. */
  private CalibrationSet random(int vocabulary) {
    Selection selection = selection();
    SplittableRandom random = new SplittableRandom(selection.seed());
    List<int[]> sequences = new ArrayList<>();
    for (int n = 0; n < selection.sequences(); n++) {
      sequences.add(random.ints(selection.length(), 0, vocabulary).toArray());
    }
    return CalibrationSets.ofIds(sequences, "random token ids, seed " + selection.seed());
  }

  static Path locate(String file) {
    return file.equals(ModelReference.NANO)
        ? ModelReference.nano().calibrationFile()
        : Path.of(file);
  }
}
