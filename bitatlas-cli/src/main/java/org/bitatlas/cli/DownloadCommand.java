package org.bitatlas.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings a model or a data set from the hub into the cache. */
@Command(
    name = "download",
    description =
        "Bring a model or a data set from the hub into the cache; goes on where it stopped.",
    footer = {
      "",
      "  bitatlas download org/name",
      "  bitatlas download datasets/allenai/ai2_arc --into data",
      "",
      "HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE mean what they",
      "mean for huggingface_hub."
    })
final class DownloadCommand implements Callable<Integer> {

  private static final String DATA = "datasets/";

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "ID",
      description = "Hub id such as org/name or org/name@revision; datasets/org/name for data.")
  String id;

  @Option(
      names = "--include",
      paramLabel = "START",
      description = "Of a data set only the files whose paths begin so, such as en/c4-validation.")
  String include = "";

  @Option(
      names = "--into",
      paramLabel = "DIR",
      description = "Link a data set into DIR as org/name, where evaluate --suite DIR finds it.")
  Optional<Path> into = Optional.empty();

  @Override
  public Integer call() {
    boolean data = id.startsWith(DATA);
    if (!data && (into.isPresent() || !include.isEmpty())) {
      throw new UsageException("--into and --include are for data sets, datasets/org/name.");
    }
    Path folder =
        data ? ModelReference.locateData(id, include).folder() : ModelReference.locate(id).folder();
    spec.commandLine().getOut().println(into.map(root -> linked(root, folder)).orElse(folder));
    spec.commandLine().getOut().flush();
    return Exit.OK;
  }

  private Path linked(Path root, Path folder) {
    Path link = root.resolve(id.substring(DATA.length()).replaceFirst("@.*", ""));
    try {
      Path parent = link.toAbsolutePath().getParent();
      Files.createDirectories(parent == null ? root : parent);
      if (Files.exists(link, LinkOption.NOFOLLOW_LINKS) && !Files.isSymbolicLink(link)) {
        throw new BitAtlasException(
            link
                + " is there already and no link of an earlier download; remove it or name another"
                + " folder.");
      }
      Files.deleteIfExists(link);
      return Files.createSymbolicLink(link, folder.toAbsolutePath());
    } catch (IOException e) {
      throw new BitAtlasException("The link " + link + " cannot be made: " + e + ".", e);
    }
  }
}
