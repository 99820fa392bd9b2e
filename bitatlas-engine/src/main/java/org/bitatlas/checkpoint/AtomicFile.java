package org.bitatlas.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import org.bitatlas.tensor.BitAtlasException;

/** A file that appears whole or not at all: written beside its place, then moved into it. */
public final class AtomicFile {

  /** Writes the content. */
  public interface Body {
    /** Writes the content from the channel's beginning. */
    void writeTo(FileChannel channel) throws IOException;
  }

  /** Tells apart what several threads write to one place at the same time. */
  private static final AtomicLong WRITES = new AtomicLong();

  private AtomicFile() {}

  /** As {@link #write(Path, Body)} with a content that is at hand. */
  public static void write(Path file, byte[] content) {
    write(file, channel -> writeFully(channel, ByteBuffer.wrap(content)));
  }

  /**
   * Writes {@code file}, replacing an older one; after a failure the older one is untouched. The
   * bytes are on disk when this returns.
   *
   * @throws BitAtlasException when writing fails
   */
  public static void write(Path file, Body body) {
    Path partial =
        file.resolveSibling(
            ".%s.%d-%d.partial"
                .formatted(
                    file.getFileName(), ProcessHandle.current().pid(), WRITES.incrementAndGet()));
    try {
      try (FileChannel channel =
          FileChannel.open(
              partial,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        body.writeTo(channel);
        channel.force(true);
      }
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw unwritable(file, e);
    } finally {
      deletePartial(partial);
    }
  }

  static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  static BitAtlasException unwritable(Path file, IOException cause) {
    return new BitAtlasException("Cannot write " + file + ": " + cause + ".", cause);
  }

  /** After a successful move there is none; after a failure the first error counts. */
  private static void deletePartial(Path partial) {
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      partial.toFile().deleteOnExit();
    }
  }
}
