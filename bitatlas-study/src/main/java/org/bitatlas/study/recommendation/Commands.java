package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.format.FormatName;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.study.CalibrationSpec;
import org.bitatlas.study.Reproduction;
import org.bitatlas.study.StudySpec;
import org.bitatlas.tensor.BitAtlasException;

/** The commands that make and serve a setting. */
final class Commands {
  private static final Map<String, String> NAMED =
      Map.of("method", "--method", "bits", "--bits", "group_size", "--group-size");

  private Commands() {}

  /**
   * The commands of a setting.
   *
   * @param candidate the setting's row with its cells
   * @param location where the checkpoint of the row lies; empty for a recipe's row
   */
  static List<String> of(
      Question question, Candidate candidate, Deployment deployment, Optional<String> location) {
    Setting setting = new Setting(candidate.row());
    String model = question.shape().isEmpty() ? question.model() : question.shape();
    String flags = flags(question, deployment);
    if (setting.isFloat()) {
      return List.of(
          deployment.stack().commands().getOrDefault("float", "").replace("{folder}", model)
              + flags);
    }
    FormatName format = deployment.format().orElseThrow();
    String folder = folder(question.model(), setting.row().recipe());
    String exported = folder + "-" + format.label();
    List<String> commands = new ArrayList<>();
    if (location.isEmpty()) {
      Recipe recipe = ShortRecipe.of(setting.recipe().orElseThrow(), question.architecture());
      commands.add(
          "./bitatlas quantize "
              + model
              + quantize(recipe.describe())
              + (recipe.needsCalibration() ? calibration(candidate) : "")
              + " --out "
              + folder);
      commands.add(
          "./bitatlas export " + folder + " --format " + format.label() + " --output " + exported);
    } else if (setting.storedFormat().filter(format.label()::equals).isPresent()) {
      exported = location.get();
    } else {
      commands.add(
          "./bitatlas convert "
              + location.get()
              + " --to "
              + format.label()
              + " --output "
              + exported);
    }
    commands.add(
        "./bitatlas check "
            + exported
            + " --for "
            + deployment.stack().name()
            + "@"
            + deployment.version()
            + " --on "
            + question.target().family().label());
    commands.add(
        deployment
                .stack()
                .commands()
                .getOrDefault(format.label(), "")
                .replace("{folder}", format == FormatName.GGUF ? file(exported) : exported)
            + (format == FormatName.GGUF ? "" : flags));
    return List.copyOf(commands);
  }

  /**
   * The options that make a recipe: method, bits and group size, and each other one whose default
   * is not what the record has. Read back they are the recorded recipe.
   */
  static String quantize(SequencedMap<String, String> recorded) {
    SequencedMap<String, String> given = new LinkedHashMap<>();
    recorded.forEach((name, value) -> {
      if (NAMED.containsKey(name)) {
        given.put(name, value);
      }
    });
    recorded.forEach((name, value) -> {
      if (!value.equals(described(given).get(name))) {
        given.put(name, value);
      }
    });
    StringBuilder text = new StringBuilder();
    given.forEach((name, value) -> {
      String option = NAMED.get(name);
      text.append(option == null ? " --option " + name + "=" + value : " " + option + " " + value);
    });
    return text.toString();
  }

  /** The calibration of the row's records, where they tell it, as far as it is no default. */
  private static String calibration(Candidate candidate) {
    return candidate.cells().stream()
        .flatMap(cell -> cell.record().stream())
        .map(record -> record.provenance().getOrDefault(Reproduction.STUDY, ""))
        .filter(study -> !study.isEmpty())
        .findFirst()
        .map(study -> StudySpec.parse("record", study).calibration())
        .map(Commands::options)
        .orElse("");
  }

  private static String options(CalibrationSpec calibration) {
    StringBuilder text = new StringBuilder();
    if (!calibration.source().equals("nano")) {
      text.append(" --calibration ").append(calibration.source());
    }
    calibration.mode().ifPresent(mode -> text.append(" --calibration-mode ").append(mode.id()));
    calibration.join().ifPresent(join -> text.append(" --calibration-join ").append(join.id()));
    return text.append(" --samples ")
        .append(calibration.samples())
        .append(" --length ")
        .append(calibration.length())
        .append(" --seed ")
        .append(calibration.seed())
        .toString();
  }

  /** Options that do not stand without one that follows describe nothing yet. */
  private static SequencedMap<String, String> described(SequencedMap<String, String> given) {
    try {
      return Recipe.parse(given).describe();
    } catch (BitAtlasException _) {
      return new LinkedHashMap<>();
    }
  }

  private static String flags(Question question, Deployment deployment) {
    String remark = deployment.stack().models().getOrDefault(question.architecture().family(), "");
    return remark.startsWith("--") ? " " + remark : "";
  }

  private static String folder(String model, String recipe) {
    String name = model.substring(model.lastIndexOf('/') + 1);
    return (name + "-" + recipe)
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^a-z0-9.]+", "-")
        .replaceAll("-$", "");
  }

  /** The GGUF file of a folder that was exported, by the shell's pattern; a file as it is. */
  private static String file(String exported) {
    return exported.endsWith(".gguf") ? exported : exported + "/*.gguf";
  }
}
