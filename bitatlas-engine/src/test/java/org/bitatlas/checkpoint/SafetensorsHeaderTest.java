package org.bitatlas.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsHeaderTest {

  private static final Path FILE = Path.of("made.safetensors");
  private static final String VALID =
      "{'__metadata__':{'format':'pt'},"
          + "'a':{'dtype':'F32','shape':[2,2],'data_offsets':[0,16]},"
          + "'b':{'dtype':'BF16','shape':[4],'data_offsets':[16,24]}}";

  @Test
  void readsTensorsInTheOrderOfTheirBytes() {
    String header =
        "{'b':{'dtype':'U8','shape':[3],'data_offsets':[8,11]},"
            + "'empty':{'dtype':'F32','shape':[0,5],'data_offsets':[8,8]},"
            + "'scalar':{'dtype':'F64','shape':[],'data_offsets':[0,8]}}   ";
    SafetensorsHeader read = read(header, 11);
    assertThat(read.entries())
        .extracting(SafetensorsHeader.Entry::name)
        .containsExactly("scalar", "empty", "b");
    assertThat(read.entries().getLast().type()).isEqualTo(ElementType.U8);
    assertThat(read.dataStart()).isEqualTo(8 + header.length());
  }

  @Test
  void readsMetadata() {
    assertThat(read(VALID, 24).metadata()).containsExactly(java.util.Map.entry("format", "pt"));
  }

  static List<Arguments> invalidHeaders() {
    return List.of(
        Arguments.of("", 0, "does not begin with '{'"),
        Arguments.of(" {}", 0, "does not begin with '{'"),
        Arguments.of("[]", 0, "does not begin with '{'"),
        Arguments.of("{", 0, "not valid JSON"),
        Arguments.of("{'a':", 0, "not valid JSON"),
        Arguments.of("{}{}", 0, "goes on after its closing brace"),
        Arguments.of("{}x", 0, "not valid JSON"),
        Arguments.of("{'a':1}", 0, "'a' must be an object"),
        Arguments.of("{'a':{'dtype':'F32','shape':[1]}}", 4, "'a' has no data_offsets"),
        Arguments.of("{'a':{'dtype':'F32','data_offsets':[0,4]}}", 4, "'a' has no shape"),
        Arguments.of("{'a':{'shape':[1],'data_offsets':[0,4]}}", 4, "'a' has no dtype"),
        Arguments.of(tensor("'Q4'", "[1]", "[0,4]"), 4, "'a' has dtype 'Q4'"),
        Arguments.of(tensor("7", "[1]", "[0,4]"), 4, "'a' has a dtype that is not a string"),
        Arguments.of(tensor("'F32'", "[-1]", "[0,4]"), 4, "'a' has -1 in shape: out of range"),
        Arguments.of(tensor("'F32'", "[1.0]", "[0,4]"), 4, "'a' has a shape that is not a list"),
        Arguments.of(tensor("'F32'", "[[1]]", "[0,4]"), 4, "'a' has a shape that is not a list"),
        Arguments.of(tensor("'F32'", "1", "[0,4]"), 4, "'a' has a shape that is not a list"),
        Arguments.of(
            tensor("'F32'", "[99999999999999999999]", "[0,4]"), 4, "'a' has 99999999999999999999"),
        Arguments.of(
            tensor("'F32'", "[4294967296,4294967296,4]", "[0,4]"), 4, "'a' has shape [42949672"),
        Arguments.of(tensor("'F32'", "[1]", "[0]"), 4, "'a' has data_offsets [0] instead"),
        Arguments.of(tensor("'F32'", "[1]", "[0,4,4]"), 4, "'a' has data_offsets [0, 4, 4]"),
        Arguments.of(tensor("'F32'", "[1]", "[-4,0]"), 4, "'a' has -4 in data_offsets"),
        Arguments.of(tensor("'F32'", "[1]", "'0,4'"), 4, "'a' has a data_offsets that is not"),
        Arguments.of(tensor("'F32'", "[1]", "[4,0]"), 4, "'a' begins at 4, after its end at 0"),
        Arguments.of(tensor("'F32'", "[2]", "[0,4]"), 4, "'a' takes 4 bytes, but F32 of shape [2]"),
        Arguments.of(tensor("'F4'", "[3]", "[0,2]"), 2, "'a' of type F4 and shape [3] does not"),
        Arguments.of(tensor("'F32'", "[2]", "[0,8]"), 7, "'a' ends at data byte 8"),
        Arguments.of(
            tensor("'F32'", "[1]", "[4,8]"), 8, "'a' begins at data byte 4, leaving a hole"),
        Arguments.of(tensor("'F32'", "[1]", "[0,4]"), 9, "5 bytes at the end of the file belong"),
        Arguments.of(
            "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},"
                + "'b':{'dtype':'U8','shape':[4],'data_offsets':[2,6]}}",
            6,
            "'b' overlaps tensor 'a'"),
        Arguments.of(
            "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
                + "'a':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}}",
            2,
            "\"a\""),
        Arguments.of("{'__metadata__':['x']}", 0, "__metadata__ must be an object of strings"),
        Arguments.of("{'__metadata__':{'k':1}}", 0, "__metadata__ key 'k' must be a string"));
  }

  @ParameterizedTest
  @MethodSource("invalidHeaders")
  void namesFileAndTensorOfAnInvalidHeader(String header, int dataBytes, String message) {
    assertThatThrownBy(() -> read(header, dataBytes))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("made.safetensors")
        .hasMessageContaining(message);
  }

  @Test
  void refusesLengthsThatLie() {
    assertThatThrownBy(() -> SafetensorsHeader.read(MemorySegment.ofArray(new byte[7]), FILE))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("7 bytes long");
    for (long lie : new long[] {-1, Long.MIN_VALUE, SafetensorsHeader.MAX_LENGTH + 1}) {
      assertThatThrownBy(() -> readWithLength(lie, "{}", 0))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("above the format's limit");
    }
    assertThatThrownBy(() -> readWithLength(3, "{}", 0))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("only 2 follow");
  }

  @Test
  void refusesTextThatIsNotUtf8() {
    byte[] content = bytes(VALID.length(), VALID, 24);
    content[8 + VALID.indexOf("'a'") + 1] = (byte) 0xFF;
    assertThatThrownBy(() -> SafetensorsHeader.read(MemorySegment.ofArray(content), FILE))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("not UTF-8");
  }

  @Test
  void anyDamageIsAnErrorMessageOrStillValid() {
    byte[] valid = bytes(VALID.length(), VALID, 24);
    SplittableRandom random = new SplittableRandom(20261120);
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] damaged = valid.clone();
      int flips = random.nextInt(1, 4);
      for (int flip = 0; flip < flips; flip++) {
        int position = random.nextInt(8 + VALID.length());
        damaged[position] =
            random.nextBoolean()
                ? (byte) random.nextInt(256)
                : (byte) (damaged[position] ^ (1 << random.nextInt(8)));
      }
      if (random.nextInt(4) == 0) {
        damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length + 8));
      }
      try {
        SafetensorsHeader.read(MemorySegment.ofArray(damaged), FILE)
            .entries()
            .forEach(entry -> assertThat(entry.end()).isLessThanOrEqualTo(24));
      } catch (BitAtlasException e) {
        assertThat(e).hasMessageContaining("made.safetensors");
        refused++;
      }
    }
    assertThat(refused).isBetween(10_000, 19_999);
  }

  private static String tensor(String dtype, String shape, String offsets) {
    return "{'a':{'dtype':" + dtype + ",'shape':" + shape + ",'data_offsets':" + offsets + "}}";
  }

  private static SafetensorsHeader read(String header, int dataBytes) {
    return readWithLength(header.length(), header, dataBytes);
  }

  private static SafetensorsHeader readWithLength(long length, String header, int dataBytes) {
    return SafetensorsHeader.read(MemorySegment.ofArray(bytes(length, header, dataBytes)), FILE);
  }

  /** A file; single quotes in the header stand for double ones. */
  private static byte[] bytes(long length, String header, int dataBytes) {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(json)
        .array();
  }
}
