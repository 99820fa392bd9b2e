package org.bitatlas.study;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.bitatlas.tensor.BitAtlasException;

/** Lets one process at a time work on a study's folder. Released when the process ends. */
final class StudyLock implements AutoCloseable {
  private static final String FILE = "study.lock";

  private final Path folder;
  private final FileChannel channel;

  private StudyLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Takes the lock of a folder; creates the folder when absent.
   *
   * @throws BitAtlasException when another process holds it
   */
  static StudyLock acquire(Path folder) {
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(
              folder.resolve(FILE),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      if (!locked(channel)) {
        String holder = content(channel);
        channel.close();
        throw new BitAtlasException(
            "Another study works on the folder "
                + folder
                + (holder.isEmpty() ? "" : " (process " + holder + ")")
                + "; wait until it has ended or choose another --out.");
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
      return new StudyLock(folder, channel);
    } catch (IOException e) {
      throw new BitAtlasException(
          "The folder " + folder + " cannot be written: " + e + "; choose another --out.", e);
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private static String content(FileChannel channel) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(32);
    channel.read(buffer, 0);
    return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
  }

  /** The locked folder. */
  Path folder() {
    return folder;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new BitAtlasException("The lock of " + folder + " cannot be released: " + e + ".", e);
    }
  }
}
