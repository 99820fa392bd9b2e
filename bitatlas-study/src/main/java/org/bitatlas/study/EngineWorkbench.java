package org.bitatlas.study;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.DownloadProgress;
import org.bitatlas.checkpoint.HubDownload;
import org.bitatlas.checkpoint.HubSettings;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.calibration.CalibrationSource;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;

/** The workbench over BitAtlas's own reader, methods, engine and evaluation. */
final class EngineWorkbench implements Workbench {
  private final StudySpec spec;
  private final StudyOptions options;
  private final Nano nano;
  private final SuiteCatalog catalog;

  EngineWorkbench(StudySpec spec, StudyOptions options) {
    this.spec = spec;
    this.options = options;
    this.nano = Nano.open();
    this.catalog =
        SuiteCatalog.load(
            spec.suite().map(nano::suites).orElseGet(nano::suitesFolder),
            nano.suitesDescriptor(),
            List.of(nano.shareAlikeFolder()));
  }

  @Override
  public EngineModel open(String name) {
    Path folder = folder(name);
    ChatTokenizer tokenizer = ChatTokenizers.load(folder);
    ModelFolder opened = FormatCatalog.open(folder);
    if (opened.quantized().isPresent()) {
      opened.close();
      throw new BitAtlasException(
          "The model " + folder + " is already quantized; a study starts from a float model.");
    }
    return new EngineModel(
        new EngineModel.Setting(spec, options, precision(), name, this::checkpoint),
        opened,
        tokenizer,
        wanted -> calibration(wanted, tokenizer),
        catalog);
  }

  /** Where a quantized checkpoint lies: what exists here, or a model of the hub. */
  private Path checkpoint(String location) {
    Path local = Path.of(location);
    return Files.exists(local) ? local : folder(location);
  }

  private Path folder(String name) {
    Optional<Path> embedded = nano.model(name);
    if (embedded.isPresent()) {
      return embedded.get();
    }
    Path home = Path.of(System.getProperty("user.home"));
    HubSettings settings = HubSettings.ofEnvironment(System.getenv(), home);
    return new HubDownload(settings, DownloadProgress.NONE).resolve(name).folder();
  }

  private CalibrationSet calibration(CalibrationSpec wanted, ChatTokenizer tokenizer) {
    CalibrationSource source =
        CalibrationSource.parse(
            wanted.source(),
            wanted.mode(),
            wanted.join(),
            file -> file.equals(Nano.NAME) ? nano.calibrationFile() : Path.of(file));
    return CalibrationSets.of(
        source,
        tokenizer,
        new CalibrationSets.Selection(wanted.samples(), wanted.length(), wanted.seed()));
  }

  private Precision precision() {
    return switch (spec.precision()) {
      case "float32" -> Precision.FP32;
      case "bfloat16" -> Precision.BF16;
      default -> Precision.preferred().precision();
    };
  }
}
