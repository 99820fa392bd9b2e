package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.AbstractThrowableAssert;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are damaged or made to harm: one clear sentence, bounded memory, nothing else. */
class HostileGgufTest {

  private static final long MEMORY_LIMIT = 64L << 20;

  @TempDir Path folder;

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("hostile.gguf"), content);
  }

  private byte[] good() throws IOException {
    Path file = folder.resolve("good.gguf");
    GgufWriter.write(file, GgufRoundTripTest.everyKind(), GgufRoundTripTest.everyType(11, 3));
    return Files.readAllBytes(file);
  }

  private static void readAll(Path file) {
    try (GgufFile opened = GgufFile.open(file)) {
      for (GgufTensor tensor : opened.tensors().values()) {
        tensor.decode();
      }
    }
  }

  private AbstractThrowableAssert<?, ?> refused(byte[] content) throws IOException {
    Path file = file(content);
    return assertThatThrownBy(() -> readAll(file)).isExactlyInstanceOf(BitAtlasException.class);
  }

  /** Header of a file with these counts, then {@code rest}. */
  private static byte[] header(long tensors, long pairs, byte[] rest) {
    ByteBuffer bytes = ByteBuffer.allocate(24 + rest.length + 64).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(GgufHeader.MAGIC).putInt(3).putLong(tensors).putLong(pairs).put(rest);
    return bytes.array();
  }

  private static byte[] tensor(String name, int type, long offset, long... sizes) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + 4 + 8 * sizes.length + 4 + 8)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text).putInt(sizes.length);
    for (long size : sizes) {
      bytes.putLong(size);
    }
    return bytes.putInt(type).putLong(offset).array();
  }

  private static byte[] joined(byte[]... parts) {
    ByteBuffer bytes = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
    Arrays.stream(parts).forEach(bytes::put);
    return bytes.array();
  }

  private static byte[] pair(String key, int type, byte[] value) {
    byte[] text = key.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(12 + text.length + value.length).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.putLong(text.length).put(text).putInt(type).put(value).array();
  }

  private static byte[] longs(long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(bytes::putLong);
    return bytes.array();
  }

  private static byte[] ints(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(bytes::putInt);
    return bytes.array();
  }

  @Test
  void otherFiles() throws IOException {
    refused(new byte[0]).hasMessageContaining("does not begin with \"GGUF\"");
    refused("GGUG0000".getBytes(StandardCharsets.UTF_8)).hasMessageContaining("GGUF");
    byte[] version1 = header(0, 0, new byte[0]);
    version1[4] = 1;
    refused(version1).hasMessageContaining("has version 1");
    byte[] bigEndian = header(0, 0, new byte[0]);
    bigEndian[4] = 0;
    bigEndian[7] = 3;
    refused(bigEndian).hasMessageContaining("big-endian");
    assertThatThrownBy(() -> GgufFile.open(folder.resolve("none.gguf")))
        .hasMessageContaining("There is no GGUF file");
  }

  @Test
  void countsThatCannotBe() throws IOException {
    refused(header(Long.MAX_VALUE, 0, new byte[0])).hasMessageContaining("tensors");
    refused(header(-1, 0, new byte[0])).hasMessageContaining("18446744073709551615 tensors");
    refused(header(1000, 0, new byte[0])).hasMessageContaining("only 72 bytes follow");
    refused(header(0, 1L << 40, new byte[0])).hasMessageContaining("metadata pairs");
  }

  @Test
  void bombs() throws IOException {
    byte[] text = pair("k", GgufKind.STRING.number(), longs(1L << 40));
    refused(header(0, 1, text)).hasMessageContaining("texts up to");
    byte[] longText = pair("k", GgufKind.STRING.number(), longs(1 << 20));
    refused(header(0, 1, longText)).hasMessageContaining("ends in the middle of the value of k");
    byte[] array =
        pair("k", GgufKind.ARRAY.number(), joined(ints(GgufKind.UINT8.number()), longs(1L << 62)));
    refused(header(0, 1, array)).hasMessageContaining("elements of k");
    byte[] texts =
        pair("k", GgufKind.ARRAY.number(), joined(ints(GgufKind.STRING.number()), longs(1 << 20)));
    refused(header(0, 1, texts)).hasMessageContaining("bytes follow");
  }

  @Test
  void arraysWithinArrays() throws IOException {
    byte[] level = joined(ints(GgufKind.ARRAY.number()), longs(1));
    byte[] deep = new byte[0];
    for (int i = 0; i < 100; i++) {
      deep = joined(deep, level);
    }
    refused(header(0, 1, pair("k", GgufKind.ARRAY.number(), deep)))
        .hasMessageContaining("nest deeper than 4");
  }

  @Test
  void pairsThatCannotBe() throws IOException {
    refused(header(0, 1, pair("k", 99, longs(0)))).hasMessageContaining("unknown type 99");
    byte[] flag = pair("k", GgufKind.BOOL.number(), new byte[] {2});
    refused(header(0, 1, flag)).hasMessageContaining("a flag of value 2");
    byte[] one = pair("k", GgufKind.UINT32.number(), ints(1));
    refused(header(0, 2, joined(one, one))).hasMessageContaining("k is there twice");
    byte[] alignment = pair(GgufHeader.ALIGNMENT, GgufKind.UINT32.number(), ints(24));
    refused(header(0, 1, alignment)).hasMessageContaining("a power of two");
    byte[] zero = pair(GgufHeader.ALIGNMENT, GgufKind.UINT32.number(), ints(0));
    refused(header(0, 1, zero)).hasMessageContaining("a power of two");
  }

  @Test
  void tensorsThatCannotBe() throws IOException {
    refused(header(1, 0, tensor("w", 0, 0, 1 << 20))).hasMessageContaining("it was cut off");
    refused(header(1, 0, tensor("w", 0, -32, 1))).hasMessageContaining("it was cut off");
    refused(header(1, 0, tensor("w", 0, 8, 1))).hasMessageContaining("not a multiple of 32");
    refused(header(1, 0, tensor("w", 0, 0, -1))).hasMessageContaining("has a size of 1844");
    refused(header(1, 0, tensor("w", 0, 0, 0))).hasMessageContaining("has a size of 0");
    long huge = Integer.MAX_VALUE;
    refused(header(1, 0, tensor("w", 0, 0, huge, huge, huge, huge)))
        .hasMessageContaining("larger than any file");
    refused(header(1, 0, tensor("w", 0, 0, 1, 1, 1, 1, 1))).hasMessageContaining("5 dimensions");
    refused(header(1, 0, tensor("w", 77, 0, 1))).hasMessageContaining("is of type 77");
    refused(header(1, 0, tensor("w", 2, 0, 31))).hasMessageContaining("rows of 31 weights");
    refused(header(1, 0, tensor("w".repeat(64), 0, 0, 1))).hasMessageContaining("64 characters");
    byte[] a = tensor("a", 0, 0, 4);
    refused(header(2, 0, joined(a, a))).hasMessageContaining("two tensors named a");
    refused(header(2, 0, joined(a, tensor("b", 0, 0, 4)))).hasMessageContaining("share bytes");
  }

  @Test
  void scalesThatAreNotFinite() throws IOException {
    byte[] blocks = new byte[34];
    blocks[0] = (byte) 0xFF;
    blocks[1] = 0x7F;
    blocks[2] = 1;
    Path file = folder.resolve("nan.gguf");
    GgufTensorData tensor =
        new GgufTensorData(
            "w",
            GgufType.Q8_0,
            List.of(1L, 32L),
            (row, target) -> System.arraycopy(blocks, 0, target, 0, 34));
    GgufWriter.write(file, GgufMetadata.empty("test"), List.of(tensor));
    assertThatThrownBy(() -> readAll(file))
        .hasMessageContaining("tensor w has a weight in row 0 that is not finite");
  }

  @Test
  void everyPrefix() throws IOException {
    byte[] good = good();
    for (int length = 0; length < good.length - 32; length += length < 300 ? 3 : 97) {
      refused(Arrays.copyOf(good, length));
    }
  }

  @Test
  void mutations() throws IOException {
    byte[] good = good();
    Random random = new Random(20260822);
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int accepted = 0;
    for (int i = 0; i < 1000; i++) {
      byte[] mutated = good.clone();
      int changes = 1 + random.nextInt(4);
      for (int change = 0; change < changes; change++) {
        // Mostly in the header, where the structure is.
        int at = random.nextInt(random.nextBoolean() ? 1400 : mutated.length);
        mutated[at] = random.nextInt(3) == 0 ? (byte) 0xFF : (byte) random.nextInt(256);
      }
      Path file = file(mutated);
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        readAll(file);
        accepted++;
      } catch (BitAtlasException refused) {
        assertThat(refused.getMessage()).hasLineCount(1);
      }
      assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MEMORY_LIMIT);
    }
    assertThat(accepted).isBetween(1, 999);
  }
}
