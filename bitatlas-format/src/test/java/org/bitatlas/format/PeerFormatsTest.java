package org.bitatlas.format;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Starts the libraries once for all cases of a class, with a folder that they share. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PeerFormatsTest {

  private Path folder = Path.of("");
  private Optional<PeerLibraries> peer = Optional.empty();

  @BeforeAll
  final void start(@TempDir Path shared) throws IOException {
    folder = shared;
    peer = Optional.of(PeerLibraries.start(shared));
  }

  @AfterAll
  final void stop() throws IOException {
    if (peer.isPresent()) {
      peer.get().close();
    }
  }

  final Path folder() {
    return folder;
  }

  final PeerLibraries libraries() {
    return peer.orElseThrow();
  }
}
