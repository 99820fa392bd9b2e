package org.bitatlas.eval;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of token ids, each as four bytes, most significant first. */
public final class TokenDigest {

  private TokenDigest() {}

  /** The digest in hexadecimal. */
  public static String of(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(4, ids.length));
    for (int id : ids) {
      bytes.putInt(id);
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
