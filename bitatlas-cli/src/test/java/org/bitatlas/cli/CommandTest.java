package org.bitatlas.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Runs commands in this process and keeps what the last one printed. */
abstract class CommandTest {
  /** Standard output of the last command. */
  String out = "";

  /** Standard error of the last command. */
  String err = "";

  /** Runs a command; returns its exit code. */
  final int run(String... arguments) {
    StringWriter output = new StringWriter();
    StringWriter errors = new StringWriter();
    int code =
        BitAtlas.commandLine()
            .setOut(new PrintWriter(output, true))
            .setErr(new PrintWriter(errors, true))
            .execute(arguments);
    out = output.toString();
    err = errors.toString();
    return code;
  }

  /** Runs a command whose words hold no spaces. */
  final int runLine(String command) {
    return run(command.split(" "));
  }
}
