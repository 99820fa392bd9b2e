package org.bitatlas.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256 over tensors in name order, streamed. Of each tensor: name (UTF-8, its length first),
 * type name likewise, rank, sizes, bytes; integers are 8 bytes, big-endian.
 */
public final class WeightsDigest {

  private static final int CHUNK_BYTES = 1 << 20;

  private WeightsDigest() {}

  /** The digest of these tensors, in lower-case hexadecimal. */
  public static String of(Collection<StoredTensor> tensors) {
    MessageDigest digest = sha256();
    List<StoredTensor> ordered =
        tensors.stream().sorted(Comparator.comparing(StoredTensor::name)).toList();
    for (StoredTensor tensor : ordered) {
      update(digest, tensor.name());
      update(digest, tensor.type().name());
      update(digest, tensor.shape().size());
      tensor.shape().forEach(size -> update(digest, size));
      update(digest, tensor.data());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static void update(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    update(digest, bytes.length);
    digest.update(bytes);
  }

  private static void update(MessageDigest digest, long value) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(value).flip());
  }

  private static void update(MessageDigest digest, MemorySegment data) {
    for (long offset = 0; offset < data.byteSize(); offset += CHUNK_BYTES) {
      long length = Math.min(CHUNK_BYTES, data.byteSize() - offset);
      MemorySegment chunk = data.asSlice(offset, length);
      digest.update(chunk.asByteBuffer());
      if (chunk.isMapped()) {
        // A checkpoint may be larger than the memory: its pages need not stay.
        chunk.unload();
      }
    }
  }
}
