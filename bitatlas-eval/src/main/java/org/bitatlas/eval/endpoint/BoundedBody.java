package org.bitatlas.eval.endpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The body of an answer, of which at most a number of bytes is ever read. Not thread-safe. */
final class BoundedBody {

  /** A body longer than what was asked for can be. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1;

    TooLong(long limit) {
      super("the answer is longer than " + limit + " bytes");
    }
  }

  private final InputStream in;
  private final long limit;
  private final byte[] buffer = new byte[16_384];
  private int start;
  private int end;
  private long read;

  BoundedBody(InputStream in, long limit) {
    this.in = in;
    this.limit = limit;
  }

  /** All of it. */
  byte[] bytes() throws IOException {
    byte[] all = in.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, limit + 1));
    if (all.length > limit) {
      throw new TooLong(limit);
    }
    return all;
  }

  /** The next line without its end, empty at the end of the body. */
  Optional<String> line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      for (int i = start; i < end; i++) {
        if (buffer[i] == '\n') {
          line.write(buffer, start, i - start);
          start = i + 1;
          return Optional.of(text(line));
        }
      }
      line.write(buffer, start, end - start);
      start = 0;
      end = Math.max(0, in.read(buffer));
      read += end;
      if (read > limit) {
        throw new TooLong(limit);
      }
      if (end == 0) {
        return line.size() == 0 ? Optional.empty() : Optional.of(text(line));
      }
    }
  }

  private static String text(ByteArrayOutputStream line) {
    String text = line.toString(StandardCharsets.UTF_8);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }
}
