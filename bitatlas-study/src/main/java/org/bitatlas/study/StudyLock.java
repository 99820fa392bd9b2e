package org.bitatlas.study;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Lets one study at a time work on a study's folder. Released when the process ends.
 *
 * <p>On POSIX systems a process loses its lock on a file when it closes any channel to that file,
 * so a file that this process holds is not opened again: what it holds is remembered here.
 */
public final class StudyLock implements AutoCloseable {
  private static final String FILE = "study.lock";
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final Path file;
  private final FileChannel channel;

  private StudyLock(Path folder, Path file, FileChannel channel) {
    this.folder = folder;
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock of a folder; creates the folder when absent.
   *
   * @throws BitAtlasException when another study, of this process or another one, holds it
   */
  public static StudyLock acquire(Path folder) {
    try {
      Files.createDirectories(folder);
      Path file = folder.toRealPath().resolve(FILE);
      if (!HELD_HERE.add(file)) {
        throw held(folder, Long.toString(ProcessHandle.current().pid()));
      }
      boolean acquired = false;
      try {
        StudyLock lock = new StudyLock(folder, file, lockedChannel(folder, file));
        acquired = true;
        return lock;
      } finally {
        if (!acquired) {
          HELD_HERE.remove(file);
        }
      }
    } catch (IOException e) {
      throw new BitAtlasException(
          "The folder " + folder + " cannot be written: " + e + "; choose another --out.", e);
    }
  }

  private static FileChannel lockedChannel(Path folder, Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean locked = false;
    try {
      if (channel.tryLock() == null) {
        throw held(folder, content(channel));
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
      locked = true;
      return channel;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
  }

  private static BitAtlasException held(Path folder, String process) {
    return new BitAtlasException(
        "Another study works on the folder "
            + folder
            + (process.isEmpty() ? "" : " (process " + process + ")")
            + "; wait until it has ended or choose another --out.");
  }

  private static String content(FileChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(32);
    channel.read(buffer, 0);
    return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
  }

  /** The locked folder. */
  public Path folder() {
    return folder;
  }

  @Override
  public void close() {
    try {
      if (channel.isOpen()) {
        channel.close();
        HELD_HERE.remove(file);
      }
    } catch (IOException e) {
      throw new BitAtlasException("The lock of " + folder + " cannot be released: " + e + ".", e);
    }
  }
}
