package org.bitatlas.format;

import java.nio.file.Path;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;

/** A process with little memory that converts a folder. */
final class BoundedExport {

  /** Stands for BitAtlas's own checkpoint. */
  static final String NEUTRAL = "bitatlas";

  private BoundedExport() {}

  /** Writes folder {@code arguments[0]} in format {@code arguments[1]} to {@code arguments[2]}. */
  public static void main(String[] arguments) {
    try (ModelFolder opened = FormatCatalog.map(Path.of(arguments[0]))) {
      ExportSource source = ExportSource.of(opened);
      Path target = Path.of(arguments[2]);
      if (arguments[1].equals(NEUTRAL)) {
        NeutralFolder.write(source, target);
        return;
      }
      FormatWriter writer = FormatCatalog.writer(FormatName.of(arguments[1]));
      new CheckpointExport(source, writer.plan(source), ExportOptions.DEFAULT).write(target);
    }
  }
}
