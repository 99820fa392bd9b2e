package org.bitatlas.forbidden;

import java.io.FileReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Random;
import org.bitatlas.tensor.BitAtlasException;
import org.bytedeco.javacpp.Pointer;

/** Does everything that the rules forbid, so that each rule is seen to fail. */
@SuppressWarnings("DefaultCharset")
public final class Offender {

  static void offend(Pointer pointer) throws IOException {
    System.out.println(new Random().nextInt() + Math.random());
    System.out.println("text".getBytes().length + pointer.address());
    new InputStreamReader(System.in).close();
    new FileReader("file").close();
    System.exit(1);
    throw new BitAtlasException("never");
  }

  private Offender() {}
}
