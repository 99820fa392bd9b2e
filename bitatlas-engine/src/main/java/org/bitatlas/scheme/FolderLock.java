package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/** Lets one writer at a time work in a folder. Released when the process ends. */
final class FolderLock implements AutoCloseable {

  static final String FILE = "lock";

  private static final int ATTEMPTS = 10;

  /** Outside the content, which other processes may then read on every system. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock of a folder; creates the folder when absent.
   *
   * @param target what is being written, for the message
   * @throws BitAtlasException when another writer holds it
   */
  static FolderLock acquire(Path folder, Path target) throws IOException {
    Path file = folder.resolve(FILE);
    // The writer before may delete the file while this one waits for it: then it is made again.
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Files.createDirectories(folder);
      Optional<FolderLock> lock = tryAcquire(file);
      if (lock.isPresent()) {
        return lock.get();
      }
    }
    throw new BitAtlasException(
        "Another run writes %s; wait until it has ended or give another folder.".formatted(target));
  }

  private static Optional<FolderLock> tryAcquire(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    byte[] token =
        (ProcessHandle.current().pid() + " " + System.nanoTime()).getBytes(StandardCharsets.UTF_8);
    if (locked(channel)) {
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(token), 0);
      if (Files.exists(file) && Arrays.equals(Files.readAllBytes(file), token)) {
        return Optional.of(new FolderLock(channel));
      }
    }
    channel.close();
    return Optional.empty();
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
