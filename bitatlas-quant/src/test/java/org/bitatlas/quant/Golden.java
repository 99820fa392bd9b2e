package org.bitatlas.quant;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Finds and reads golden cases in the folder named by {@code bitatlas.oracles}. */
public final class Golden {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private Golden() {}

  /** A sub-folder of the golden data; the test is skipped when it is not there. */
  public static Path folder(String name) {
    Path folder = Path.of(System.getProperty("bitatlas.oracles", "oracles")).resolve(name);
    Assumptions.assumeTrue(Files.isDirectory(folder), "no golden cases in " + folder);
    return folder;
  }

  /** Entries of a folder whose name ends so, sorted; fails when there are none. */
  public static List<Path> list(Path folder, String suffix) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> found =
          entries.filter(entry -> entry.toString().endsWith(suffix)).sorted().toList();
      if (found.isEmpty()) {
        throw new AssertionError("no *" + suffix + " in " + folder);
      }
      return found;
    }
  }

  public static JsonNode json(Path file) throws IOException {
    return JSON.readTree(Files.readString(file));
  }

  /** Values of an F64, F32, BF16, I32, I8 or U8 tensor as floats. */
  public static float[] floats(Checkpoint checkpoint, String name) {
    StoredTensor tensor = checkpoint.get(name);
    MemorySegment data = tensor.data();
    float[] values = new float[Math.toIntExact(tensor.elementCount())];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.type()) {
            case F32 -> data.get(FLOAT, 4L * i);
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, 2L * i) << 16);
            case F64 -> (float) data.get(DOUBLE, 8L * i);
            case I32 -> data.get(INT, 4L * i);
            case I8 -> data.get(ValueLayout.JAVA_BYTE, i);
            case U8 -> data.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
            default -> throw new AssertionError("unexpected type " + tensor.type());
          };
    }
    return values;
  }

  /** Size {@code dimension} of a tensor. */
  public static int size(Checkpoint checkpoint, String name, int dimension) {
    return Math.toIntExact(checkpoint.get(name).shape().get(dimension));
  }

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
}
