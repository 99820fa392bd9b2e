package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyLock;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.platform.RecordMerge;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings the records of several machines into one map. */
@Command(
    name = "merge",
    description = {
      "Bring records made on several machines into one map, and say which settings keep their"
          + " rank.",
      "The first folder's rows stay as they are; those of another platform stand beside them."
    })
final class MergeCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "DIR",
      arity = "2..*",
      description = "Folders of studies, each with its records.")
  List<Path> folders = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder of the merged records and map; one without records.")
  Path out = Path.of("merged");

  @Override
  public Integer call() {
    for (Path folder : folders) {
      if (!Files.isRegularFile(folder.resolve(RunStore.FILE))) {
        throw new BitAtlasException(
            "There are no records in %s; give the folders of studies.".formatted(folder));
      }
    }
    if (Files.exists(out.resolve(RunStore.FILE))) {
      throw new BitAtlasException(
          "The folder %s holds records already; give another --out.".formatted(out));
    }
    PrintWriter printer = spec.commandLine().getOut();
    try (StudyLock lock = StudyLock.acquire(out);
        RunStore merged = RunStore.open(lock.folder())) {
      RecordMerge merge = new RecordMerge(merged);
      for (Path folder : folders) {
        try (RunStore store = RunStore.open(folder)) {
          printer.println(folder + ": " + String.join("; ", merge.add(store)));
        }
      }
    }
    MapFiles.writeAndShow(out, StudySpec.defaultSpec(), printer);
    return Exit.OK;
  }
}
