package org.bitatlas.quant.calibration;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What a calibration set was made from.
 *
 * @param name the file's name without its folders, or what the caller says
 * @param digest SHA-256 of the file, lower-case hexadecimal; empty for texts given in memory
 */
record SourceFile(String name, Optional<String> digest) {

  static SourceFile named(String name) {
    return new SourceFile(name, Optional.empty());
  }

  static SourceFile of(Path file, String digest) {
    return new SourceFile(String.valueOf(file.getFileName()), Optional.of(digest));
  }

  /** The bytes of a UTF-8 text file. */
  static byte[] read(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      requireUnpacked(file, bytes);
      return bytes;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** The text of {@code bytes}, which came from {@code file}. */
  static String text(Path file, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Refuses gzip files by their first bytes. */
  static void requireUnpacked(Path file, byte[] start) {
    if (start.length >= 2 && start[0] == (byte) 0x1f && start[1] == (byte) 0x8b) {
      throw new BitAtlasException(
          "The calibration file " + file + " is compressed; unpack it first (gunzip).");
    }
  }

  static BitAtlasException unreadable(Path file, IOException cause) {
    return new BitAtlasException(
        "The calibration file "
            + file
            + " cannot be read as UTF-8 text: "
            + cause
            + "; give JSON lines or a text file.",
        cause);
  }
}
