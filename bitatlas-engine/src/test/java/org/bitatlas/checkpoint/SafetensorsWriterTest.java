package org.bitatlas.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Stream;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {

  @TempDir Path folder;

  /** The golden files were written by the reference library. */
  @Test
  void writesTheBytesOfTheReferenceLibrary() throws IOException {
    Path oracles = Path.of(System.getProperty("bitatlas.oracles"));
    Assumptions.assumeTrue(Files.isDirectory(oracles), "no golden cases in " + oracles);
    List<Path> files;
    try (Stream<Path> walk = Files.walk(oracles)) {
      files = walk.filter(file -> file.endsWith("model.safetensors")).sorted().toList();
    }
    Assumptions.assumeFalse(files.isEmpty(), "no golden checkpoints in " + oracles);
    Path copy = folder.resolve("copy.safetensors");
    for (Path file : files) {
      try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(file)) {
        List<TensorData> tensors =
            checkpoint.names().stream().map(checkpoint::get).map(TensorData::of).toList();
        SafetensorsWriter.write(copy, tensors.reversed(), checkpoint.metadata());
      }
      assertThat(Files.mismatch(copy, file)).as("first differing byte of %s", file).isEqualTo(-1);
    }
  }

  @Test
  void streamsLargeTensorsFromAnyKindOfArray() {
    float[] values = new float[700_001];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    MemorySegment data = MemorySegment.ofArray(values);
    Path file = folder.resolve("large.safetensors");
    SafetensorsWriter.write(
        file,
        List.of(new TensorData("x", ElementType.F32, List.of((long) values.length), data)),
        new LinkedHashMap<>());
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(file)) {
      assertThat(checkpoint.get("x").data().mismatch(data)).isEqualTo(-1);
    }
  }

  @Test
  void leavesTheOldFileAndNoPartialOneWhenATensorIsWrong() throws IOException {
    Path file = folder.resolve("a.safetensors");
    TensorData good =
        new TensorData("a", ElementType.U8, List.of(2L), MemorySegment.ofArray(new byte[2]));
    SafetensorsWriter.write(file, List.of(good), new LinkedHashMap<>());
    byte[] before = Files.readAllBytes(file);
    TensorData wrong =
        new TensorData("w", ElementType.F32, List.of(2L), MemorySegment.ofArray(new byte[7]));
    assertFails(file, List.of(good, wrong), "'w' (F32 [2]) needs 8 bytes but has 7");
    assertFails(file, List.of(good, good), "'a' (U8 [2]) has a name that is taken");
    TensorData half =
        new TensorData("h", ElementType.F4, List.of(3L), MemorySegment.ofArray(new byte[2]));
    assertFails(file, List.of(half), "'h' (F4 [3]) has a shape that does not fill whole bytes");
    assertThat(file).hasBinaryContent(before);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void saysWhereItCannotWrite() {
    assertFails(folder.resolve("absent").resolve("a.safetensors"), List.of(), "Cannot write");
  }

  private static void assertFails(Path file, List<TensorData> tensors, String message) {
    assertThatThrownBy(() -> SafetensorsWriter.write(file, tensors, new LinkedHashMap<>()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }
}
