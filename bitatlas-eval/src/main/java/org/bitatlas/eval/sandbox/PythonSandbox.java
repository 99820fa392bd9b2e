package org.bitatlas.eval.sandbox;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import org.bitatlas.eval.sandbox.Verdict.Outcome;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs programs one at a time in new processes without network, without a way to other files or
 * processes, and under limits: {@code sandbox.py} says how. Thread-safe.
 *
 * <p>The models of a comparison mostly write the same programs: a verdict that does not depend on
 * time or memory is kept, and the same program with the same checks is not run again.
 */
public final class PythonSandbox {

  /** Raised when the same program could get another verdict. */
  public static final int BEHAVIOUR_VERSION = 1;

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String SCRIPT = script();
  private static final int LONGEST_VERDICT = 1 << 16;
  private static final int START_SECONDS = 30;

  private final Python python;
  private final ConcurrentMap<Program, Verdict> known = new ConcurrentHashMap<>();

  PythonSandbox(Python python) {
    this.python = python;
  }

  private static String script() {
    try (InputStream script = PythonSandbox.class.getResourceAsStream("sandbox.py")) {
      if (script == null) {
        throw new IllegalStateException("sandbox.py is not on the class path");
      }
      return new String(script.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Version of the interpreter that programs run on. */
  public String pythonVersion() {
    return python.version();
  }

  /**
   * Runs a program to its verdict.
   *
   * @throws InterruptedException when interrupted; the program is ended then
   */
  public Verdict run(Program program, Limits limits) throws InterruptedException {
    Verdict before = known.get(program);
    if (before != null) {
      return before;
    }
    Verdict verdict = execute(program, limits);
    switch (verdict.outcome()) {
      case PASS, ASSERT, EXCEPTION, SYNTAX -> known.put(program, verdict);
      case TIMEOUT, MEMORY, KILLED, SANDBOX_ERROR -> {}
    }
    return verdict;
  }

  private Verdict execute(Program program, Limits limits) throws InterruptedException {
    try {
      Path folder = Files.createTempDirectory("bitatlas-sandbox");
      try {
        return execute(program, limits, folder);
      } finally {
        // Its content exists in the namespace of the program only.
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      return new Verdict(Outcome.SANDBOX_ERROR, String.valueOf(e.getMessage()), "");
    }
  }

  private Verdict execute(Program program, Limits limits, Path folder)
      throws IOException, InterruptedException {
    Process process = start();
    try (OutputStream input = process.getOutputStream()) {
      DataOutputStream messages = new DataOutputStream(input);
      send(messages, job(program, limits, folder));
      send(messages, program.checks());
      // The stream stays open: its end would tell the supervisor that we are gone.
      messages.flush();
      return verdict(process, limits);
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  private Process start() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(python.executable().toString(), "-s", "-S", "-B", "-c", SCRIPT)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().clear();
    builder
        .environment()
        .putAll(
            Map.of(
                "PATH", "/usr/bin:/bin",
                "LANG", "C.UTF-8",
                "TZ", "UTC",
                "OMP_NUM_THREADS", "1",
                "PYTHONHASHSEED", "0"));
    return builder.start();
  }

  private Map<String, Object> job(Program program, Limits limits, Path folder) {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("candidate", program.source());
    job.put("folder", folder.toAbsolutePath().toString());
    job.put("roots", python.roots());
    job.put("cpu_seconds", limits.processorSeconds());
    job.put("wall_seconds", limits.wallSeconds());
    job.put("memory_bytes", limits.memoryBytes());
    job.put("scratch_bytes", limits.scratchBytes());
    return job;
  }

  private static void send(DataOutputStream messages, Object message) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(message);
    messages.writeInt(bytes.length);
    messages.write(bytes);
  }

  private static Verdict verdict(Process process, Limits limits)
      throws IOException, InterruptedException {
    // The supervisor keeps the time; this is for the case that it does not.
    if (!process.waitFor(limits.wallSeconds() + START_SECONDS, TimeUnit.SECONDS)) {
      return new Verdict(Outcome.SANDBOX_ERROR, "the supervisor did not end", "");
    }
    byte[] answer = process.getInputStream().readNBytes(LONGEST_VERDICT);
    try {
      JsonNode node = JSON.readTree(answer);
      return new Verdict(
          Outcome.valueOf(node.path("outcome").asString("SANDBOX_ERROR")),
          node.path("detail").asString(""),
          node.path("output").asString(""));
    } catch (JacksonException | IllegalArgumentException unreadable) {
      String found = new String(answer, StandardCharsets.UTF_8).strip();
      return new Verdict(
          Outcome.SANDBOX_ERROR,
          "the supervisor ended with status %d and said \"%s\""
              .formatted(process.exitValue(), found.substring(0, Math.min(200, found.length()))),
          "");
    }
  }
}
