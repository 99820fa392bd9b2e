package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.NamedShapes;
import org.bitatlas.study.ComparisonMargin;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.recommendation.Question;
import org.bitatlas.study.recommendation.Recommendation;
import org.bitatlas.study.recommendation.RecommendationJson;
import org.bitatlas.study.recommendation.RecommendationText;
import org.bitatlas.study.recommendation.Recommender;
import org.bitatlas.study.target.TargetCatalog;
import org.bitatlas.study.target.Workload;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says which setting to use on a machine, and on what evidence. */
@Command(
    name = "recommend",
    description = {
      "Say which setting to use on a machine, from the records of a study.",
      "Runs nothing; needs no native library."
    },
    footer = {
      "",
      "bitatlas recommend --target ascend-910b --memory 8GiB --max-drop 1pt --task code"
    })
final class RecommendCommand implements Callable<Integer> {
  private static final Pattern MEMORY =
      Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([KMGT]i?B|B)", Pattern.CASE_INSENSITIVE);
  private static final Pattern POINTS = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(?:pt|pts|points)?");

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Option(
      names = "--target",
      required = true,
      paramLabel = "NAME",
      description =
          "Where it will be served: ascend-910b, ascend-310p, cpu-amx, cpu-avx2, cuda-h200, or a"
              + " YAML file of your own.")
  String target = "";

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = "What it may take, for example 8GiB (default: what the target has).")
  Optional<String> memory = Optional.empty();

  @Option(
      names = "--max-drop",
      paramLabel = "POINTS",
      defaultValue = "1pt",
      description = "Largest loss of accuracy, in points (default: ${DEFAULT-VALUE}).")
  String maxDrop = "";

  @Option(
      names = "--task",
      paramLabel = "TASK",
      defaultValue = "all",
      description =
          "A task, the beginning of its name, 'code' for those that run programs, or 'all'"
              + " (default: ${DEFAULT-VALUE}).")
  String task = "";

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      defaultValue = "",
      description = "Thinking mode: slow_think, auto_think or no_think (default: all).")
  String mode = "";

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      defaultValue = "nano",
      description = "The study's model (default: ${DEFAULT-VALUE}).")
  String model = "";

  @Option(
      names = "--shape",
      paramLabel = "NAME",
      description =
          "Predict memory and speed for a published model's shape, such as openpangu-7b; accuracy"
              + " stays that of --model, which is said.")
  Optional<String> shape = Optional.empty();

  @Option(
      names = "--study",
      paramLabel = "DIR",
      defaultValue = "bitatlas-out",
      description = "Folder of the study's records (default: ${DEFAULT-VALUE}).")
  Path study = Path.of("bitatlas-out");

  @Option(
      names = "--prefer",
      paramLabel = "WHAT",
      defaultValue = "speed",
      description =
          "What decides between settings that qualify: speed, memory or accuracy (default:"
              + " ${DEFAULT-VALUE}).")
  Question.Preference preference = Question.Preference.SPEED;

  @Option(
      names = "--prefill",
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of the prompt (default: ${DEFAULT-VALUE}).")
  int prefill;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "Tokens to decode (default: ${DEFAULT-VALUE}).")
  int tokens;

  @Option(
      names = "--speed",
      paramLabel = "FILE",
      split = ",",
      description =
          "Files of bench --json: measured speed where they ran on the target's platform with a"
              + " model of this shape; elsewhere speed stays predicted.")
  List<Path> speeds = List.of();

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  @Override
  public Integer call() {
    double drop = points(maxDrop) / 100;
    if (!Files.isRegularFile(study.resolve(RunStore.FILE))) {
      throw new BitAtlasException(
          "There are no records in %s; run bitatlas study first, or give its folder with --study."
              .formatted(study));
    }
    Question question =
        new Question(
            model,
            architecture(),
            shape.orElse(""),
            TargetCatalog.find(target),
            memory.map(RecommendCommand::bytes),
            drop,
            task,
            mode,
            new Workload(prefill, prefill, tokens),
            preference);
    PrintWriter out = spec.commandLine().getOut();
    try (RunStore store = RunStore.open(study)) {
      StudySpec margins =
          StudySpec.defaultSpec()
              .with(new ComparisonMargin(100 * drop, new LinkedHashMap<>(), 100 * drop));
      Recommendation answer =
          Recommender.answer(question, AccuracyMap.of(store, margins), store, speeds);
      if (json) {
        out.print(RecommendationJson.of(answer));
      } else {
        RecommendationText.lines(answer).forEach(out::println);
      }
    }
    out.flush();
    return Exit.OK;
  }

  private Architecture architecture() {
    return shape.isPresent()
        ? NamedShapes.named(shape.get())
        : ArchitectureReader.read(ModelReference.folder(model).resolve("config.json"));
  }

  static double bytes(String text) {
    Matcher matcher = MEMORY.matcher(text.strip());
    if (!matcher.matches()) {
      throw new UsageException(
          "--memory is '%s'; give a size such as 8GiB, 512MiB or 16GB.".formatted(text));
    }
    String unit = matcher.group(2).toUpperCase(Locale.ROOT);
    int power = "BKMGT".indexOf(unit.charAt(0));
    double step = unit.contains("I") ? 1024 : 1000;
    return Double.parseDouble(matcher.group(1)) * Math.pow(step, power);
  }

  static double points(String text) {
    Matcher matcher = POINTS.matcher(text.strip());
    if (!matcher.matches()) {
      throw new UsageException(
          "--max-drop is '%s'; give points such as 1pt or 0.5.".formatted(text));
    }
    return Double.parseDouble(matcher.group(1));
  }
}
