package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Lets one writer at a time work in a folder. Released when the process ends.
 *
 * <p>On POSIX systems a process loses its lock on a file when it closes any channel to that file,
 * so the file is opened once: what this process holds is remembered here.
 */
final class FolderLock implements AutoCloseable {

  static final String FILE = "lock";

  private static final int ATTEMPTS = 10;
  private static final int LONGEST_FILE = 1 << 20;
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private FolderLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock of a folder; creates the folder when absent.
   *
   * @param folder absolute
   * @param target what is being written, for the message
   * @throws BitAtlasException when another writer holds it
   */
  static FolderLock acquire(Path folder, Path target) throws IOException {
    Path file = folder.resolve(FILE);
    if (HELD_HERE.add(file)) {
      Optional<FolderLock> lock = Optional.empty();
      try {
        // The writer before may delete the file while this one waits for it: then it is made again.
        for (int attempt = 0; attempt < ATTEMPTS && lock.isEmpty(); attempt++) {
          Files.createDirectories(folder);
          lock = tryAcquire(file);
        }
      } finally {
        if (lock.isEmpty()) {
          HELD_HERE.remove(file);
        }
      }
      if (lock.isPresent()) {
        return lock.get();
      }
    }
    throw new BitAtlasException(
        "Another run writes %s; wait until it has ended or give another folder.".formatted(target));
  }

  private static Optional<FolderLock> tryAcquire(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (channel.tryLock() != null) {
      // The length is this writer's mark: whether the name still leads to the locked file is then
      // seen without opening it.
      int length =
          1
              + Math.floorMod(
                  Objects.hash(ProcessHandle.current().pid(), System.nanoTime()), LONGEST_FILE);
      channel.truncate(0);
      channel.write(ByteBuffer.allocate(1), length - 1L);
      if (Files.exists(file) && Files.size(file) == length) {
        return Optional.of(new FolderLock(file, channel));
      }
    }
    channel.close();
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    if (channel.isOpen()) {
      channel.close();
      HELD_HERE.remove(file);
    }
  }
}
