package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.FolderTree;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The hidden sibling {@code .NAME.partial} in which a folder NAME grows until it is complete. What
 * becomes the folder is its {@code checkpoint}; everything else is gone afterwards. One writer at a
 * time.
 */
public final class PartialFolder implements AutoCloseable {

  private static final String CONTENT = "checkpoint";
  private static final String REPLACED = "replaced";

  private final Path target;
  private final Path folder;
  private final Predicate<Path> replaceable;
  private final FolderLock lock;

  private PartialFolder(Path target, Path folder, Predicate<Path> replaceable, FolderLock lock) {
    this.target = target;
    this.folder = folder;
    this.replaceable = replaceable;
    this.lock = lock;
  }

  /**
   * Opens the partial folder of {@code target}, with what an interrupted writer left in it.
   *
   * @param replaceable whether a folder that is not empty may be replaced
   * @throws BitAtlasException when another writer is at work, or {@code target} exists and may not
   *     be replaced
   */
  public static PartialFolder open(Path target, Predicate<Path> replaceable) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    Path name = absolute.getFileName();
    if (name == null) {
      throw occupied(target);
    }
    requireReplaceable(absolute, replaceable);
    Path folder = absolute.resolveSibling("." + name + ".partial");
    PartialFolder partial =
        new PartialFolder(absolute, folder, replaceable, FolderLock.acquire(folder, target));
    partial.putBack();
    return partial;
  }

  /** Ends a {@link #publish} that was cut off between its two moves. */
  private void putBack() throws IOException {
    Path replaced = folder.resolve(REPLACED);
    if (Files.exists(replaced) && !Files.exists(target)) {
      Files.move(replaced, target, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static void requireReplaceable(Path target, Predicate<Path> replaceable)
      throws IOException {
    if (!Files.exists(target) || replaceable.test(target)) {
      return;
    }
    if (!Files.isDirectory(target)) {
      throw occupied(target);
    }
    try (Stream<Path> entries = Files.list(target)) {
      if (entries.findAny().isPresent()) {
        throw occupied(target);
      }
    }
  }

  private static BitAtlasException occupied(Path target) {
    return new BitAtlasException(
        target + " exists and is not a quantized checkpoint; give another folder.");
  }

  /** A file or folder that is not part of the result. */
  Path resolve(String name) {
    return folder.resolve(name);
  }

  /** What becomes the folder. */
  public Path content() {
    return folder.resolve(CONTENT);
  }

  /** Deletes all that is inside. */
  void clear() throws IOException {
    retain(folder, Set.of(FolderLock.FILE));
  }

  /** Deletes everything of the content but the named files. */
  public void retainContent(Set<String> names) throws IOException {
    Files.createDirectories(content());
    retain(content(), names);
  }

  private static void retain(Path folder, Set<String> names) throws IOException {
    List<Path> entries;
    try (Stream<Path> listed = Files.list(folder)) {
      entries = listed.toList();
    }
    for (Path entry : entries) {
      if (!names.contains(entry.getFileName().toString())) {
        FolderTree.delete(entry);
      }
    }
  }

  /** Gives the content its name in one step and deletes the rest; an earlier folder is replaced. */
  public void publish() throws IOException {
    requireReplaceable(target, replaceable);
    Path replaced = folder.resolve(REPLACED);
    if (Files.exists(target)) {
      FolderTree.delete(replaced);
      Files.move(target, replaced, StandardCopyOption.ATOMIC_MOVE);
    }
    try {
      Files.move(content(), target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      putBack();
      throw e;
    }
    discard();
  }

  /** Deletes this folder; only {@link #close()} may follow. */
  public void discard() throws IOException {
    if (Files.exists(folder)) {
      clear();
      FolderTree.delete(folder);
    }
  }

  /** Lets another writer in. */
  @Override
  public void close() throws IOException {
    lock.close();
  }
}
