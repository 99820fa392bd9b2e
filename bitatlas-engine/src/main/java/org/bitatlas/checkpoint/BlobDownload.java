package org.bitatlas.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Downloads one content into the cache. Bytes are appended to the blob's {@code .incomplete} file,
 * which later attempts and runs go on with; only when size and SHA-256 are right does it become the
 * blob.
 */
record BlobDownload(
    HubClient client,
    HubCache cache,
    HubModelId id,
    String commit,
    String file,
    HubClient.Description description,
    HubSettings settings,
    DownloadProgress progress) {

  private static final int BUFFER_BYTES = 1 << 16;
  private static final String SHA_256 = "[0-9a-f]{64}";

  void run() throws IOException {
    Path incomplete = cache.incompleteBlob(description.etag());
    int failures = 0;
    boolean whole = false;
    while (!whole) {
      long before = sizeOf(incomplete);
      try {
        whole = append(incomplete);
      } catch (IOException e) {
        failures = sizeOf(incomplete) > before ? 1 : failures + 1;
        if (failures >= settings.attempts()) {
          throw e;
        }
        client.pause(failures);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new BitAtlasException("The download of " + file + " was interrupted.", e);
      }
    }
    verify(incomplete);
    Files.move(
        incomplete,
        cache.blob(description.etag()),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** One attempt: asks for what is missing and appends it. Whether the file is whole afterwards. */
  private boolean append(Path incomplete) throws IOException, InterruptedException {
    long present = sizeOf(incomplete);
    OptionalLong size = description.size();
    if (size.isPresent() && present == size.getAsLong()) {
      return true;
    }
    if (size.isPresent() && present > size.getAsLong()) {
      Files.delete(incomplete);
      present = 0;
    }
    HttpResponse<InputStream> response = client.open(id, commit, file, present);
    try (InputStream body = response.body();
        FileChannel target =
            FileChannel.open(incomplete, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      if (!continuesAt(response, present)) {
        target.truncate(0);
        present = 0;
        if (response.statusCode() != 200) {
          throw new HubClient.Transient("the server did not give the rest of " + file);
        }
      }
      target.position(present);
      copy(body, target, present);
      target.force(true);
    }
    long arrived = sizeOf(incomplete);
    if (size.isPresent() && arrived < size.getAsLong()) {
      throw new HubClient.Transient(
          "the connection ended after "
              + arrived
              + " of "
              + size.getAsLong()
              + " bytes of "
              + file);
    }
    return true;
  }

  private static boolean continuesAt(HttpResponse<?> response, long position) {
    return position == 0 && response.statusCode() == 200
        || response.statusCode() == 206
            && response
                .headers()
                .firstValue("Content-Range")
                .filter(range -> range.startsWith("bytes " + position + "-"))
                .isPresent();
  }

  /** Copies until the end; a connection that brings nothing for the stall limit is cut. */
  private void copy(InputStream body, FileChannel target, long position) throws IOException {
    AtomicLong lastArrival = new AtomicLong(System.nanoTime());
    AtomicBoolean stalled = new AtomicBoolean();
    long limit = settings.stallLimit().toNanos();
    try (ScheduledExecutorService watch =
        Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory())) {
      ScheduledFuture<?> check =
          watch.scheduleWithFixedDelay(
              () -> {
                if (System.nanoTime() - lastArrival.get() > limit) {
                  stalled.set(true);
                  cut(body);
                }
              },
              limit / 4,
              limit / 4,
              TimeUnit.NANOSECONDS);
      byte[] buffer = new byte[BUFFER_BYTES];
      long done = position;
      long total = description.size().orElse(-1);
      int count = body.read(buffer);
      while (count >= 0) {
        lastArrival.set(System.nanoTime());
        ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, count);
        while (bytes.hasRemaining()) {
          target.write(bytes);
        }
        done += count;
        progress.advanced(file, done, total);
        count = body.read(buffer);
      }
      check.cancel(false);
    }
    if (stalled.get()) {
      throw new HubClient.Transient("the connection brought nothing more of " + file);
    }
  }

  /** Ends a blocked read. Failing to close an already dead connection changes nothing. */
  private static void cut(InputStream body) {
    try {
      body.close();
    } catch (IOException expected) {
      return;
    }
  }

  private void verify(Path incomplete) throws IOException {
    long size = sizeOf(incomplete);
    if (description.size().isPresent() && size != description.size().getAsLong()) {
      Files.delete(incomplete);
      throw new BitAtlasException(
          "The file "
              + file
              + " of "
              + id
              + " came with "
              + size
              + " bytes instead of "
              + description.size().getAsLong()
              + "; it was deleted, download it again.");
    }
    if (!description.etag().matches(SHA_256)) {
      return;
    }
    String found = sha256(incomplete);
    if (!found.equals(description.etag())) {
      Files.delete(incomplete);
      throw new BitAtlasException(
          "The file "
              + file
              + " of "
              + id
              + " has SHA-256 "
              + found
              + " instead of "
              + description.etag()
              + "; it was deleted, download it again.");
    }
  }

  private static String sha256(Path path) throws IOException {
    MessageDigest digest = WeightsDigest.sha256();
    try (InputStream content = Files.newInputStream(path)) {
      byte[] buffer = new byte[1 << 20];
      int count = content.read(buffer);
      while (count >= 0) {
        digest.update(buffer, 0, count);
        count = content.read(buffer);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static long sizeOf(Path path) throws IOException {
    return Files.isRegularFile(path) ? Files.size(path) : 0;
  }
}
