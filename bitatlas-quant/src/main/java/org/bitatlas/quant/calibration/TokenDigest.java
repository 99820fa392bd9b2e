package org.bitatlas.quant.calibration;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** SHA-256 digests in lower-case hexadecimal. */
final class TokenDigest {

  private TokenDigest() {}

  /** Digest of sequences: of each the length and the ids, as little-endian 32-bit integers. */
  static String of(List<int[]> sequences) {
    MessageDigest sha = sha256();
    for (int[] sequence : sequences) {
      ByteBuffer bytes =
          ByteBuffer.allocate(Integer.BYTES * (sequence.length + 1)).order(ByteOrder.LITTLE_ENDIAN);
      bytes.putInt(sequence.length);
      for (int id : sequence) {
        bytes.putInt(id);
      }
      sha.update(bytes.flip());
    }
    return hex(sha);
  }

  /** Digest of a file's bytes. */
  static String of(byte[] bytes) {
    MessageDigest sha = sha256();
    sha.update(bytes);
    return hex(sha);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  static String hex(MessageDigest sha) {
    return HexFormat.of().formatHex(sha.digest());
  }
}
