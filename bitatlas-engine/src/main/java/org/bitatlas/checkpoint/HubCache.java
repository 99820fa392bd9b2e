package org.bitatlas.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One repository in the cache, in the layout of {@code huggingface_hub}: {@code blobs/<etag>} holds
 * contents, {@code snapshots/<commit>/<file>} links to them, {@code refs/<revision>} names the
 * commit of a branch or tag.
 */
final class HubCache {

  /** Threads of this process; file locks only keep other processes out. */
  private static final Map<Path, ReentrantLock> LOCKS = new ConcurrentHashMap<>();

  private final Path root;
  private final Path repository;

  /** Work done while the repository is locked. */
  interface Work<T> {
    T run() throws IOException;
  }

  HubCache(Path root, HubModelId id) {
    this.root = root;
    this.repository = root.resolve(id.cacheFolder());
  }

  Path snapshot(String commit) {
    return repository.resolve("snapshots").resolve(commit);
  }

  Path blob(String etag) {
    return repository.resolve("blobs").resolve(etag);
  }

  /** Where a content grows until it is whole; kept between attempts and runs. */
  Path incompleteBlob(String etag) {
    return repository.resolve("blobs").resolve(etag + ".incomplete");
  }

  /** The commit last seen of a revision, or the revision itself when it names a cached commit. */
  Optional<String> commit(String revision) throws IOException {
    Path ref = repository.resolve("refs").resolve(revision);
    if (Files.isRegularFile(ref)) {
      return Optional.of(Files.readString(ref).strip())
          .filter(text -> text.matches("[0-9a-fA-F]+"));
    }
    return Files.isDirectory(snapshot(revision)) ? Optional.of(revision) : Optional.empty();
  }

  void remember(String revision, String commit) throws IOException {
    Path ref = repository.resolve("refs").resolve(revision);
    if (revision.equals(commit) || commit(revision).filter(commit::equals).isPresent()) {
      return;
    }
    Files.createDirectories(ref.getParent());
    AtomicFile.write(ref, commit.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Makes a finished blob visible as a file of a snapshot: a link, or a copy where the file system
   * has no links.
   */
  void publish(String etag, String commit, String file) throws IOException {
    Path folder = snapshot(commit);
    Path pointer = folder.resolve(file);
    Path blob = blob(etag);
    Path parent = Optional.ofNullable(pointer.getParent()).orElse(folder);
    Files.createDirectories(parent);
    Files.deleteIfExists(pointer);
    try {
      Files.createSymbolicLink(pointer, parent.relativize(blob));
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException | UnsupportedOperationException e) {
      Path partial = pointer.resolveSibling(pointer.getFileName() + ".partial");
      Files.copy(blob, partial, StandardCopyOption.REPLACE_EXISTING);
      Files.move(partial, pointer, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** Runs work that no other thread or process does on this repository at the same time. */
  <T> T locked(Work<T> work) throws IOException {
    Path folder = root.resolve(".locks").resolve(repository.getFileName());
    Files.createDirectories(folder);
    Files.createDirectories(repository.resolve("blobs"));
    ReentrantLock threads = LOCKS.computeIfAbsent(folder.toRealPath(), path -> new ReentrantLock());
    threads.lock();
    try (FileChannel channel =
            FileChannel.open(
                folder.resolve("bitatlas.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        var processes = channel.lock()) {
      return work.run();
    } finally {
      threads.unlock();
    }
  }
}
