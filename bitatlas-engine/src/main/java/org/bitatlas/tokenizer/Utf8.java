package org.bitatlas.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Decodes bytes that models produce one by one. As in SentencePiece, each byte that belongs to no
 * valid sequence becomes one U+FFFD; Java's own decoder joins some of them.
 */
final class Utf8 {

  private static final int LONGEST = 4;

  private Utf8() {}

  static String decode(ByteArrayOutputStream bytes) {
    return decode(bytes.toByteArray());
  }

  static String decode(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException malformed) {
      return decodeMalformed(bytes);
    }
  }

  private static String decodeMalformed(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    int position = 0;
    while (position < bytes.length) {
      int length = sequenceLength(bytes[position]);
      if (length > 0
          && position + length <= bytes.length
          && appendIfValid(text, bytes, position, length)) {
        position += length;
      } else {
        text.append('\uFFFD');
        position++;
      }
    }
    return text.toString();
  }

  private static boolean appendIfValid(StringBuilder text, byte[] bytes, int start, int length) {
    try {
      text.append(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, start, length)));
      return true;
    } catch (CharacterCodingException malformed) {
      return false;
    }
  }

  /** Length of the sequence that starts with this byte; 0 for a byte that starts none. */
  private static int sequenceLength(byte first) {
    int ones = Integer.numberOfLeadingZeros(~(first << 24));
    if (ones == 0) {
      return 1;
    }
    return ones == 1 || ones > LONGEST ? 0 : ones;
  }
}
