package org.bitatlas.format;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A program of script/peer that answers one JSON object a line with one JSON object a line. */
public final class PeerProcess implements AutoCloseable {

  private final Process process;
  private final Writer requests;
  private final BufferedReader answers;
  private final Path log;

  /**
   * Starts the program.
   *
   * @param log gets what the program's libraries print; the program works in its folder
   */
  public PeerProcess(String python, String program, Path log) throws IOException {
    Path script = Path.of(System.getProperty("bitatlas.root", "..")).resolve(program);
    this.log = log;
    this.process =
        new ProcessBuilder(python, script.toAbsolutePath().toString())
            .directory(log.toAbsolutePath().getParent().toFile())
            .redirectError(log.toFile())
            .start();
    this.requests = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** The answer to a request; has {@code error} where the program's libraries refused it. */
  public JsonNode ask(Map<String, ?> request) throws IOException {
    requests.write(JsonMapper.shared().writeValueAsString(request) + "\n");
    requests.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new AssertionError("The program ended: " + Files.readString(log));
    }
    return JsonMapper.shared().readTree(answer);
  }

  /** Ends the program. */
  @Override
  public void close() throws IOException {
    requests.close();
    process.destroy();
  }
}
