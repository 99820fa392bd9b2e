package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code bitatlas} command. */
@Command(
    name = "bitatlas",
    description = "Which low-bit setting to use for an LLM: evidence, and the checkpoint.",
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = BuildVersion.class,
    subcommands = {
      StudyCommand.class,
      MapCommand.class,
      DiagnoseCommand.class,
      ReproduceCommand.class,
      VerifyCommand.class,
      RecommendCommand.class,
      MergeCommand.class,
      QuantizeCommand.class,
      ExportCommand.class,
      ConvertCommand.class,
      PlanCommand.class,
      BenchCommand.class,
      EvaluateCommand.class,
      NumericsCommand.class,
      TasksCommand.class,
      ImportCommand.class,
      ChatCommand.class,
      InspectCommand.class,
      CheckCommand.class,
      GgufCommand.class,
      UnpackCommand.class,
      TokenizeCommand.class,
      DownloadCommand.class,
      DoctorCommand.class
    },
    exitCodeListHeading = "%nExit codes%n",
    exitCodeList = {
      "0:done",
      "1:could not do what was asked; standard error says why in one line",
      "2:the command line is wrong",
      "130:interrupted with Ctrl-C"
    },
    footer = {
      "",
      "Try: bitatlas study           the default study on the embedded model",
      "     bitatlas chat nano       talk to the embedded model",
      "     bitatlas COMMAND --help  options of a command"
    })
public final class BitAtlas implements Runnable {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the versions of BitAtlas and Java.")
  boolean version;

  private BitAtlas() {}

  /** Runs the command and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT);
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new BitAtlas());
    line.setUsageHelpWidth(80);
    line.setUsageHelpAutoWidth(false);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setAbbreviatedOptionsAllowed(false);
    line.setParameterExceptionHandler(BitAtlas::usageMistake);
    line.setExecutionExceptionHandler((failure, command, parsed) ->
        failed(failure, command, parsed.expandedArgs().toArray(new String[0])));
    return line;
  }

  /** Without a command: the help, as a usage mistake. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  private static int usageMistake(ParameterException mistake, String[] arguments) {
    CommandLine command = mistake.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("bitatlas: " + String.valueOf(mistake.getMessage()).replace('\n', ' '));
    CommandLine.UnmatchedArgumentException.printSuggestions(mistake, err);
    err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
    err.flush();
    return Exit.USAGE;
  }

  private static int failed(Exception failure, CommandLine command, String[] arguments) {
    boolean verbose =
        Arrays.asList(arguments).contains("--verbose") || Arrays.asList(arguments).contains("-v");
    PrintWriter err = command.getErr();
    if (verbose) {
      failure.printStackTrace(err);
    }
    switch (failure) {
      case BitAtlasException expected -> err.println("bitatlas: " + expected.getMessage());
      case Exception unexpected ->
          err.println(
              "bitatlas: unexpected "
                  + unexpected.getClass().getSimpleName()
                  + ": "
                  + unexpected.getMessage()
                  + (verbose ? "" : " (run it again with --verbose to see where)"));
    }
    err.flush();
    return failure instanceof UsageException ? Exit.USAGE : Exit.ERROR;
  }
}
