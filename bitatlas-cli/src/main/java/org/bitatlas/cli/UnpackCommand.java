package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.format.gguf.GgufUnpacking;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a model folder of a GGUF file. */
@Command(
    name = "unpack",
    description = {
      "Unpack a GGUF file to a model folder that evaluate, study, chat and bench take.",
      "Weights keep their numbers: blocks on an integer grid (Q8_0, Q6_K, Q5_0, Q4_0, Q3_K) stay"
          + " quantized, all others become floats. The tokenizer is rebuilt from the file."
    },
    footer = {
      "",
      "Try: bitatlas unpack model-Q4_0.gguf model-q4",
      "     bitatlas unpack model.gguf model --tokenizer original-folder"
    })
final class UnpackCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "A .gguf file of architecture llama, qwen2 or pangu-embedded.")
  Path file = Path.of("");

  @Parameters(index = "1", paramLabel = "DIR", description = "Folder to write.")
  Path target = Path.of("");

  @Option(
      names = "--tokenizer",
      paramLabel = "DIR",
      description = "Folder whose tokenizer is taken in place of the file's.")
  Optional<Path> tokenizer = Optional.empty();

  @Override
  public Integer call() {
    GgufUnpacking.unpack(file, target, tokenizer);
    PrintWriter out = spec.commandLine().getOut();
    out.println("Unpacked to " + target);
    out.flush();
    return Exit.OK;
  }
}
