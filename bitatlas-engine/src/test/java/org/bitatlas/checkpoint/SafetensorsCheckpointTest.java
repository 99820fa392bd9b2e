package org.bitatlas.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsCheckpointTest {

  @TempDir Path folder;

  @Test
  void readsBackEveryElementType() {
    List<TensorData> written = everyType();
    Path file = folder.resolve("all.safetensors");
    SafetensorsWriter.write(file, written, metadata("kind", "all types"));
    try (SafetensorsCheckpoint checkpoint = SafetensorsCheckpoint.open(file)) {
      assertThat(checkpoint.folder()).isEqualTo(folder);
      assertThat(checkpoint.metadata()).containsEntry("kind", "all types");
      assertThat(checkpoint.names()).hasSize(written.size());
      for (TensorData tensor : written) {
        StoredTensor read = checkpoint.get(tensor.name());
        assertThat(read.type()).isEqualTo(tensor.type());
        assertThat(read.shape()).isEqualTo(tensor.shape());
        assertThat(read.data().mismatch(tensor.bytes().get())).isEqualTo(-1);
        assertThat(read.data().isReadOnly()).isTrue();
        assertThat(read.file()).isEqualTo(file);
      }
    }
  }

  @Test
  void shardsAndSingleFileHoldTheSameWeights() throws IOException {
    List<TensorData> tensors = everyType();
    Path single = folder.resolve("single");
    Path sharded = folder.resolve("sharded");
    SafetensorsWriter.writeSharded(single, tensors, new LinkedHashMap<>(), Long.MAX_VALUE);
    SafetensorsWriter.writeSharded(sharded, tensors, new LinkedHashMap<>(), 300);
    assertThat(single.resolve("model.safetensors")).exists();
    assertThat(sharded.resolve("model.safetensors.index.json")).exists();
    try (Checkpoint one = SafetensorsCheckpoint.open(single);
        Checkpoint many = SafetensorsCheckpoint.open(sharded)) {
      assertThat(many.names()).containsExactlyInAnyOrderElementsOf(one.names());
      assertThat(many.names().stream().map(name -> many.get(name).file()).distinct().count())
          .isGreaterThan(2);
      assertThat(many.weightsDigest()).isEqualTo(one.weightsDigest()).hasSize(64);
    }
    SafetensorsWriter.writeSharded(sharded, tensors, new LinkedHashMap<>(), Long.MAX_VALUE);
    try (var files = Files.list(sharded)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactly("model.safetensors");
    }
  }

  @Test
  void digestSeesNameTypeShapeAndBytes() {
    String base = digest("a", ElementType.I8, List.of(2L, 2L), new byte[] {1, 2, 3, 4});
    assertThat(digest("a", ElementType.I8, List.of(2L, 2L), new byte[] {1, 2, 3, 4}))
        .isEqualTo(base);
    assertThat(digest("b", ElementType.I8, List.of(2L, 2L), new byte[] {1, 2, 3, 4}))
        .isNotEqualTo(base);
    assertThat(digest("a", ElementType.U8, List.of(2L, 2L), new byte[] {1, 2, 3, 4}))
        .isNotEqualTo(base);
    assertThat(digest("a", ElementType.I8, List.of(4L), new byte[] {1, 2, 3, 4}))
        .isNotEqualTo(base);
    assertThat(digest("a", ElementType.I8, List.of(2L, 2L), new byte[] {1, 2, 3, 5}))
        .isNotEqualTo(base);
  }

  @Test
  void namesNearTensorsWhenOneIsMissing() {
    write("model.safetensors", bytes("model.norm.weight"), bytes("lm_head.weight"));
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(folder)) {
      assertThat(checkpoint.find("model.norm.wieght")).isEmpty();
      assertThatThrownBy(() -> checkpoint.get("model.norm.wieght"))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("no tensor 'model.norm.wieght'; near names: model.norm.weight.");
    }
  }

  @Test
  void closingTwiceIsFineAndUnmaps() {
    write("model.safetensors", bytes("a"));
    Checkpoint checkpoint = SafetensorsCheckpoint.open(folder);
    MemorySegment data = checkpoint.get("a").data();
    checkpoint.close();
    checkpoint.close();
    assertThatThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void saysWhatAFolderWithoutWeightsLacks() throws IOException {
    Files.writeString(folder.resolve("pytorch_model.bin"), "x");
    assertFails(folder, "has neither model.safetensors nor model.safetensors.index.json");
    assertFails(folder.resolve("absent"), "No checkpoint at");
  }

  @Test
  void namesTheMissingShard() throws IOException {
    write("model-1.safetensors", bytes("a"));
    index("'a':'model-1.safetensors','b':'model-2.safetensors'");
    assertFails(folder, "model-2.safetensors is missing");
  }

  @Test
  void namesTheTensorAShardLacks() throws IOException {
    write("model-1.safetensors", bytes("a"));
    index("'a':'model-1.safetensors','b':'model-1.safetensors'");
    assertFails(folder, "lacks tensor 'b'");
  }

  @Test
  void namesTheTensorThatIsInTwoShards() throws IOException {
    write("model-1.safetensors", bytes("a"));
    write("model-2.safetensors", bytes("a"), bytes("b"));
    index("'a':'model-1.safetensors','b':'model-2.safetensors'");
    assertFails(folder, "Tensor 'a' is in two shards");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../model.safetensors",
        "/etc/passwd",
        "x/../../model.safetensors",
        "./model.safetensors",
        "..\\\\model.safetensors",
        "a\\u0000b",
        ""
      })
  void refusesShardsOutsideTheFolder(String shard) throws IOException {
    index("'a':'" + shard + "'");
    assertFails(folder, "not a file inside its folder");
  }

  @Test
  void refusesAMalformedIndex() throws IOException {
    index("'a':'x.safetensors','a':'x.safetensors'");
    assertFails(folder, "index.json");
    index("'a':7");
    assertFails(folder, "maps tensor 'a' to something else");
    Files.writeString(folder.resolve("model.safetensors.index.json"), "{}");
    assertFails(folder, "has no object 'weight_map'");
    Files.writeString(folder.resolve("model.safetensors.index.json"), "{\"weight_map\":");
    assertFails(folder, "Cannot read the index");
  }

  @Test
  void reportsATruncatedShardByName() throws IOException {
    write("model.safetensors", bytes("a"));
    byte[] whole = Files.readAllBytes(folder.resolve("model.safetensors"));
    for (int length = 0; length < whole.length; length++) {
      Files.write(folder.resolve("model.safetensors"), java.util.Arrays.copyOf(whole, length));
      assertFails(folder, "model.safetensors");
    }
  }

  private static List<TensorData> everyType() {
    SplittableRandom random = new SplittableRandom(7);
    List<TensorData> tensors = new ArrayList<>();
    for (ElementType type : ElementType.values()) {
      byte[] bytes = new byte[4 * 6 * type.bits() / 8];
      random.nextBytes(bytes);
      MemorySegment data = MemorySegment.ofArray(bytes);
      tensors.add(new TensorData("of." + type, type, List.of(4L, 6L), data));
    }
    tensors.add(
        new TensorData("scalar", ElementType.F32, List.of(), MemorySegment.ofArray(new float[1])));
    tensors.add(
        new TensorData(
            "empty", ElementType.BF16, List.of(3L, 0L), MemorySegment.ofArray(new byte[0])));
    return tensors;
  }

  private String digest(String name, ElementType type, List<Long> shape, byte[] bytes) {
    Path file = folder.resolve("digest.safetensors");
    TensorData tensor = new TensorData(name, type, shape, MemorySegment.ofArray(bytes));
    SafetensorsWriter.write(file, List.of(tensor), new LinkedHashMap<>());
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(file)) {
      return checkpoint.weightsDigest();
    }
  }

  private static TensorData bytes(String name) {
    MemorySegment data = MemorySegment.ofArray(new byte[] {1, 2, 3});
    return new TensorData(name, ElementType.U8, List.of(3L), data);
  }

  private void write(String name, TensorData... tensors) {
    SafetensorsWriter.write(folder.resolve(name), List.of(tensors), new LinkedHashMap<>());
  }

  private void index(String weightMap) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        ("{'weight_map':{" + weightMap + "}}").replace('\'', '"'));
  }

  private static void assertFails(Path path, String message) {
    assertThatThrownBy(() -> SafetensorsCheckpoint.open(path).close())
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }

  private static SequencedMap<String, String> metadata(String key, String value) {
    SequencedMap<String, String> metadata = new LinkedHashMap<>();
    metadata.put(key, value);
    return metadata;
  }
}
