package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows what BitAtlas found on this machine and what it will do with it. */
@Command(
    name = "doctor",
    description = "Show what BitAtlas found on this machine and what it does with it.")
final class DoctorCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.println("JDK " + Runtime.version());
    out.flush();
    return Exit.OK;
  }
}
