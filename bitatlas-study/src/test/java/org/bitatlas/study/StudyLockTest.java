package org.bitatlas.study;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Another process that holds a study's folder, and is killed. */
class StudyLockTest {

  @TempDir private Path folder;

  /** Takes the lock, fails to take it a second time, and waits for its end. */
  public static void main(String[] arguments) throws InterruptedException {
    Path folder = Path.of(arguments[0]);
    PrintStream out = new PrintStream(System.out, true, UTF_8);
    try (StudyLock _ = StudyLock.acquire(folder)) {
      try (StudyLock _ = StudyLock.acquire(folder.resolve("."))) {
        out.println("taken twice");
      } catch (BitAtlasException e) {
        out.println("held");
      }
      Thread.sleep(TimeUnit.MINUTES.toMillis(5));
    }
  }

  @Test
  @Timeout(120)
  void itHoldsWhileItsProcessLivesAndNoLonger() throws IOException, InterruptedException {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                StudyLockTest.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = other.inputReader(UTF_8)) {
      assertThat(output.readLine()).isEqualTo("held");
      assertThatThrownBy(() -> StudyLock.acquire(folder))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("Another study works on the folder")
          .hasMessageContaining("process " + other.pid());

      other.destroyForcibly().waitFor();

      StudyLock.acquire(folder).close();
      StudyLock.acquire(folder).close();
    } finally {
      other.destroyForcibly();
    }
  }
}
