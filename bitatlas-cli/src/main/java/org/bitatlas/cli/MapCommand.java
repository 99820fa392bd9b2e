package org.bitatlas.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Draws the map again from the records; runs nothing. */
@Command(
    name = "map",
    description = "Draw the map again from the records of a study; runs nothing.")
final class MapCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "SPEC.yaml",
      arity = "0..1",
      description = "Margins and names to compare by (default: the default study).")
  Optional<Path> specification = Optional.empty();

  @Mixin StudyCommand.OutputFolder output;

  @Override
  public Integer call() {
    Path folder = output.folder();
    if (!Files.isRegularFile(folder.resolve(RunStore.FILE))) {
      throw new BitAtlasException(
          "There are no records in %s; run bitatlas study first, or give its folder with --out."
              .formatted(folder));
    }
    MapFiles.writeAndShow(
        folder,
        specification.map(StudySpec::read).orElseGet(StudySpec::defaultSpec),
        spec.commandLine().getOut());
    return Exit.OK;
  }
}
