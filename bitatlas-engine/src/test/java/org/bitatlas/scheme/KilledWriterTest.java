package org.bitatlas.scheme;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Another process that writes the same folder, and is killed. */
class KilledWriterTest {

  @TempDir private Path folder;

  /** Writes two blocks and waits for its end. */
  public static void main(String[] arguments) throws InterruptedException {
    Path folder = Path.of(arguments[0]);
    try (Checkpoint base = SafetensorsCheckpoint.open(folder.resolve("model"));
        QuantizedFolderWriter writer = open(folder, base)) {
      writer.writeBlock(0, TinyCheckpoints.parts(0), "first");
      writer.writeBlock(1, TinyCheckpoints.parts(1), "second");
      new PrintStream(System.out, true, UTF_8).println("written");
      Thread.sleep(TimeUnit.MINUTES.toMillis(5));
    }
  }

  private static QuantizedFolderWriter open(Path folder, Checkpoint base) {
    return QuantizedFolderWriter.open(
        folder.resolve("quantized"), base, folder.resolve("model"), "job");
  }

  @Test
  @Timeout(120)
  void itsLockHoldsWhileItLivesAndItsBlocksStay() throws IOException, InterruptedException {
    TinyCheckpoints.writeBase(folder.resolve("model"), true);
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                KilledWriterTest.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (Checkpoint base = SafetensorsCheckpoint.open(folder.resolve("model"));
        BufferedReader output = other.inputReader(UTF_8)) {
      assertThat(output.readLine()).isEqualTo("written");
      assertThatThrownBy(() -> open(folder, base))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("Another run writes");

      other.destroyForcibly().waitFor();

      try (QuantizedFolderWriter writer = open(folder, base)) {
        assertThat(writer.blocksDone()).isEqualTo(2);
        assertThat(writer.journal(1)).isEqualTo("second");
        assertThat(writer.block(0)).isEqualTo(TinyCheckpoints.parts(0));
      }
    } finally {
      other.destroyForcibly();
    }
  }
}
