package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import org.bitatlas.format.gguf.GgufValue.Flag;
import org.bitatlas.format.gguf.GgufValue.Real;
import org.bitatlas.format.gguf.GgufValue.Sequence;
import org.bitatlas.format.gguf.GgufValue.Text;
import org.bitatlas.format.gguf.GgufValue.Whole;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written is what is read. */
class GgufRoundTripTest {

  @TempDir Path folder;

  static GgufMetadata everyKind() {
    GgufMetadata metadata = new GgufMetadata("test", new LinkedHashMap<>());
    metadata.put("text", "h\u00e9llo \u2581").put("flag", true).put("number", 7).put("real", 0.1f);
    metadata.put("u8", new Whole(GgufKind.UINT8, 255));
    metadata.put("i8", new Whole(GgufKind.INT8, -128));
    metadata.put("u16", new Whole(GgufKind.UINT16, 65535));
    metadata.put("i16", new Whole(GgufKind.INT16, -2));
    metadata.put("u32", new Whole(GgufKind.UINT32, 4294967295L));
    metadata.put("i32", new Whole(GgufKind.INT32, -3));
    metadata.put("u64", new Whole(GgufKind.UINT64, -1));
    metadata.put("i64", new Whole(GgufKind.INT64, Long.MIN_VALUE));
    metadata.put("f64", new Real(GgufKind.FLOAT64, Math.PI));
    metadata.put("texts", new Sequence(GgufKind.STRING, List.of(new Text(""), new Text("b"))));
    metadata.put("flags", new Sequence(GgufKind.BOOL, List.of(new Flag(true), new Flag(false))));
    metadata.put(
        "nested",
        new Sequence(
            GgufKind.ARRAY,
            List.of(
                new Sequence(GgufKind.INT8, List.of(new Whole(GgufKind.INT8, -1))),
                new Sequence(GgufKind.FLOAT32, List.of()))));
    return metadata;
  }

  /** A tensor of each type that can be written, with random weights. */
  static List<GgufTensorData> everyType(long seed, int rows) {
    Random random = new Random(seed);
    List<GgufTensorData> tensors = new ArrayList<>();
    for (GgufType type : GgufType.values()) {
      if (type.canEncode()) {
        int columns = type.blockWeights() == 1 ? 5 : 2 * type.blockWeights();
        float[][] weights = new float[rows][columns];
        for (float[] row : weights) {
          for (int k = 0; k < columns; k++) {
            row[k] = (float) random.nextGaussian();
          }
        }
        tensors.add(
            GgufTensorData.rounded(
                "t." + type,
                type,
                List.of((long) rows, (long) columns),
                (row, target) -> System.arraycopy(weights[row], 0, target, 0, columns)));
      }
    }
    return tensors;
  }

  @Test
  void metadataAndTensorsComeBack() throws IOException {
    Path file = folder.resolve("all.gguf");
    List<GgufTensorData> tensors = everyType(3, 7);
    GgufWriter.write(file, everyKind(), tensors);
    assertThat(Files.size(file)).isEqualTo(GgufWriter.byteSize(everyKind(), tensors));
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().values()).isEqualTo(everyKind().values());
      assertThat(opened.tensors()).hasSize(tensors.size());
      for (GgufTensorData tensor : tensors) {
        GgufTensor read = opened.get(tensor.name());
        assertThat(read.info().shape()).isEqualTo(tensor.shape());
        assertThat(read.info().type()).isEqualTo(tensor.type());
        byte[] blocks = new byte[tensor.type().rowBytes(read.info().columns())];
        for (int row = 0; row < read.info().rows(); row++) {
          tensor.rows().read(row, blocks);
          assertThat(read.blocks(row)).isEqualTo(blocks);
        }
      }
    }
  }

  @Test
  void aFailureLeavesNothing() throws IOException {
    GgufTensorData failing =
        new GgufTensorData(
            "w",
            GgufType.F32,
            List.of(4L, 4L),
            (row, blocks) -> {
              throw new BitAtlasException("no row " + row);
            });
    assertThatThrownBy(
            () -> GgufWriter.write(folder.resolve("x.gguf"), everyKind(), List.of(failing)))
        .isInstanceOf(BitAtlasException.class);
    try (var entries = Files.list(folder)) {
      assertThat(entries).isEmpty();
    }
  }

  @Test
  void namesAndShapesThatCannotBeStoredAreRefused() {
    GgufTensorData.RowSource zeros = (row, blocks) -> {};
    Path file = folder.resolve("x.gguf");
    GgufMetadata metadata = GgufMetadata.empty("test");
    GgufTensorData odd = new GgufTensorData("w", GgufType.Q4_0, List.of(1L, 33L), zeros);
    assertThatThrownBy(() -> GgufWriter.write(file, metadata, List.of(odd)))
        .hasMessageContaining("rows of 33 weights; GGUF type Q4_0 stores multiples of 32");
    GgufTensorData longName = new GgufTensorData("n".repeat(64), GgufType.F32, List.of(1L), zeros);
    assertThatThrownBy(() -> GgufWriter.write(file, metadata, List.of(longName)))
        .hasMessageContaining("1 to 63 bytes");
    GgufTensorData twice = new GgufTensorData("n", GgufType.F32, List.of(1L), zeros);
    assertThatThrownBy(() -> GgufWriter.write(file, metadata, List.of(twice, twice)))
        .hasMessageContaining("unique");
  }
}
