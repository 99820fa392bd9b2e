package org.bitatlas.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.bitatlas.checkpoint.ModelLocation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings a model from the hub into the cache. */
@Command(
    name = "download",
    description = "Bring a model from the hub into the cache; goes on where it stopped.",
    footer = {
      "",
      "HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE mean what they",
      "mean for huggingface_hub."
    })
final class DownloadCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "ID", description = "Hub id such as org/name or org/name@revision.")
  String id;

  @Override
  public Integer call() {
    ModelLocation location = ModelReference.locate(id);
    Path folder = location.folder();
    spec.commandLine().getOut().println(folder);
    spec.commandLine().getOut().flush();
    return Exit.OK;
  }
}
