package org.bitatlas.eval.sandbox;

import java.util.Optional;
import org.bitatlas.eval.sandbox.Verdict.Outcome;

/** Whether this machine can hold untrusted programs. Found by trying, once per process. */
public sealed interface Availability {

  /**
   * It can.
   *
   * @param sandbox where to run them
   */
  record Ready(PythonSandbox sandbox) implements Availability {}

  /**
   * It cannot: nothing is executed.
   *
   * @param reason what is missing, as half a sentence
   * @param remedy what to do about it, as a sentence
   */
  record Missing(String reason, String remedy) implements Availability {

    /** Both, for people. */
    public String text() {
      return "needs the sandbox, but %s; %s".formatted(reason, remedy);
    }
  }

  /** What was found on this machine. */
  static Availability here() {
    return Probe.FOUND;
  }

  /** Tries it out. */
  final class Probe {

    private static final Availability FOUND = look();

    /** Each line is something that must fail; the last value is what the check wants. */
    private static final String ESCAPES =
        """
        import os
        import socket

        def refused(action):
            try:
                action()
            except (OSError, RuntimeError):
                return True
            return False

        def escapes():
            actions = {
                "network": socket.socket,
                "new process": os.fork,
                "new program": lambda: os.execv("/bin/true", ["true"]),
                "file": lambda: open("/usr/bitatlas-escape", "w"),
                "process table": lambda: os.listdir("/proc"),
                "home folder": lambda: os.listdir("/home"),
            }
            return [name for name, action in actions.items() if not refused(action)]
        """;

    private Probe() {}

    static Availability look() {
      if (!System.getProperty("os.name", "").equals("Linux")) {
        return new Missing(
            "it is built from Linux namespaces", "run code suites on a Linux machine");
      }
      Optional<Python> python = Python.find();
      if (python.isEmpty()) {
        return new Missing(
            "no python3 of version 3.10 or newer is on the search path", "install Python 3");
      }
      PythonSandbox sandbox = new PythonSandbox(python.get());
      try {
        Verdict verdict =
            sandbox.run(
                new Program(ESCAPES, "found = escapes()\nassert found == [], found"),
                Limits.DEFAULT);
        return verdict.passed() ? new Ready(sandbox) : missing(verdict);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Missing("trying it was interrupted", "run it again");
      }
    }

    private static Missing missing(Verdict verdict) {
      if (verdict.outcome() == Outcome.SANDBOX_ERROR) {
        return new Missing(
            "this system refused it (%s)".formatted(verdict.detail()),
            "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, and"
                + " kernel.apparmor_restrict_unprivileged_userns=0 where AppArmor restricts them), or"
                + " start the container with --security-opt seccomp=unconfined --security-opt"
                + " systempaths=unconfined");
      }
      return new Missing(
          "a trial program was not held: %s %s".formatted(verdict.outcome(), verdict.detail()),
          "run code suites on another machine");
    }
  }
}
