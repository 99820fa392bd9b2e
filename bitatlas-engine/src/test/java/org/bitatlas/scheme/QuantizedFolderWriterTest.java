package org.bitatlas.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizedFolderWriterTest {

  @TempDir private Path folder;
  private Path model;
  private Path target;
  private Path partial;
  private Checkpoint base;

  @BeforeEach
  void writeBaseModel() throws IOException {
    model = folder.resolve("model");
    target = folder.resolve("quantized");
    partial = folder.resolve(".quantized.partial");
    TinyCheckpoints.writeBase(model, false);
    base = SafetensorsCheckpoint.open(model);
  }

  @AfterEach
  void closeBase() {
    base.close();
  }

  private QuantizedFolderWriter open(String jobKey) {
    return QuantizedFolderWriter.open(target, base, model, jobKey);
  }

  private static void write(QuantizedFolderWriter writer, int from, int to) {
    for (int layer = from; layer < to; layer++) {
      writer.writeBlock(layer, TinyCheckpoints.parts(layer), "{\"block\": " + layer + "}");
    }
  }

  private static void finish(QuantizedFolderWriter writer) {
    writer.finish(TinyCheckpoints.outer(), TinyCheckpoints.provenance());
  }

  private Map<String, byte[]> result() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> entries = Files.list(target)) {
      for (Path file : entries.toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    try (Stream<Path> entries = Files.list(folder)) {
      assertThat(entries).containsExactlyInAnyOrder(model, target);
    }
    return files;
  }

  private static void assertSame(Map<String, byte[]> actual, Map<String, byte[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach((name, bytes) -> assertThat(actual.get(name)).as(name).isEqualTo(bytes));
  }

  @Test
  void anInterruptedJobGivesTheSameBytes() throws IOException {
    QuantizedCheckpointFolder.write(TinyCheckpoints.everything(), base, model, target);
    Map<String, byte[]> atOnce = result();
    assertThat(atOnce.keySet())
        .containsExactlyInAnyOrder(
            "NOTICE",
            "bitatlas.json",
            "block-00000.safetensors",
            "block-00001.safetensors",
            "block-00002.safetensors",
            "config.json",
            "model-00001-of-00001.safetensors",
            "model.safetensors.index.json");
    try (QuantizedFolderWriter writer = open("one")) {
      assertThat(writer.blocksDone()).isZero();
      write(writer, 0, 3);
      finish(writer);
    }
    assertSame(result(), atOnce);

    try (QuantizedFolderWriter writer = open("one")) {
      assertThat(writer.blocksDone()).isZero();
      Files.writeString(writer.workFolder().resolve("states"), "spilled");
      write(writer, 0, 2);
    }
    Path content = partial.resolve("checkpoint");
    Files.writeString(content.resolve("block-00002.safetensors"), "cut off");
    Files.writeString(content.resolve(".block-00002.safetensors.77.partial"), "cut off");
    Files.writeString(content.resolve("config.json"), "cut off");
    try (QuantizedFolderWriter writer = open("one")) {
      assertThat(writer.blocksDone()).isEqualTo(2);
      assertThat(writer.blocks()).isEqualTo(3);
      assertThat(writer.journal(0)).isEqualTo("{\"block\": 0}");
      assertThat(writer.journal(1)).isEqualTo("{\"block\": 1}");
      assertThat(writer.block(1)).isEqualTo(TinyCheckpoints.parts(1));
      assertThat(writer.workFolder().resolve("states")).hasContent("spilled");
      write(writer, 2, 3);
      finish(writer);
    }
    assertSame(result(), atOnce);
  }

  @Test
  void aBlockThatNothingWasDoneToHasNoShard() throws IOException {
    try (QuantizedFolderWriter writer = open("one")) {
      write(writer, 0, 1);
      BlockParts rounded = BlockParts.none();
      rounded
          .activations()
          .put(
              "model.layers.1.self_attn.q_proj",
              LinearActivations.rounding(ActivationQuantizer.perToken(8, true)));
      writer.writeBlock(1, rounded, "");
      assertThat(writer.block(1)).isEqualTo(rounded);
      write(writer, 2, 3);
      finish(writer);
    }
    assertThat(result()).doesNotContainKey("block-00001.safetensors");
    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(target)) {
      assertThat(opened.floatParts().find("model.layers.1.self_attn.q_proj.weight")).isPresent();
      assertThat(opened.quantized().activationsOf("model.layers.1.self_attn.q_proj").input())
          .isPresent();
    }
  }

  @Test
  void anotherJobStartsAnew() throws IOException {
    try (QuantizedFolderWriter writer = open("one")) {
      write(writer, 0, 2);
      Files.writeString(writer.workFolder().resolve("states"), "spilled");
    }
    try (QuantizedFolderWriter writer = open("two")) {
      assertThat(writer.blocksDone()).isZero();
      assertThat(writer.workFolder()).isEmptyDirectory();
      assertThat(partial.resolve("checkpoint")).isEmptyDirectory();
      writer.discard();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      assertThat(entries).containsExactly(model);
    }
  }

  @Test
  void aDamagedBlockIsDoneAgain() throws IOException {
    try (QuantizedFolderWriter writer = open("one")) {
      write(writer, 0, 3);
    }
    Path shard = partial.resolve("checkpoint/block-00001.safetensors");
    byte[] whole = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(whole, whole.length - 1));
    try (QuantizedFolderWriter writer = open("one")) {
      assertThat(writer.blocksDone()).isEqualTo(1);
      assertThat(partial.resolve("checkpoint/block-00002.safetensors")).doesNotExist();
      write(writer, 1, 3);
      assertThat(shard).hasBinaryContent(whole);
    }
  }

  @Test
  void oneWriterAtATime() {
    try (QuantizedFolderWriter writer = open("one")) {
      assertThatThrownBy(() -> open("one"))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("Another run writes");
      write(writer, 0, 1);
    }
    try (QuantizedFolderWriter writer = open("one")) {
      assertThat(writer.blocksDone()).isEqualTo(1);
    }
  }

  @Test
  void anEarlierFolderStaysUntilTheNewOneIsComplete() throws IOException {
    QuantizedCheckpointFolder.write(QuantizedFolderWriterTest.empty(), base, model, target);
    byte[] earlier = Files.readAllBytes(target.resolve("bitatlas.json"));
    try (QuantizedFolderWriter writer = open("one")) {
      write(writer, 0, 3);
      assertThat(target.resolve("bitatlas.json")).hasBinaryContent(earlier);
    }
    // As a run that ended between the two moves of its last step leaves it.
    Files.move(target, partial.resolve("replaced"));
    try (QuantizedFolderWriter writer = open("one")) {
      assertThat(target.resolve("bitatlas.json")).hasBinaryContent(earlier);
      finish(writer);
    }
    assertThat(result().get("bitatlas.json")).isNotEqualTo(earlier);
  }

  private static QuantizedCheckpoint empty() {
    return new QuantizedCheckpoint(new LinkedHashMap<>(), TinyCheckpoints.provenance());
  }

  @Test
  void blocksComeInOrderAndWithTheirOwnParts() {
    try (QuantizedFolderWriter writer = open("one")) {
      assertThatThrownBy(() -> write(writer, 1, 2)).hasMessageContaining("0 are done");
      assertThatThrownBy(() -> writer.writeBlock(0, TinyCheckpoints.parts(1), ""))
          .hasMessageContaining("is not of block 0");
      assertThatThrownBy(() -> writer.writeBlock(0, TinyCheckpoints.outer(), ""))
          .hasMessageContaining("model.embed_tokens is not of block 0");
      assertThatThrownBy(() -> finish(writer)).hasMessageContaining("0 of 3 blocks are done");
      assertThatThrownBy(() -> writer.journal(0)).hasMessageContaining("block 0 is not done");
      write(writer, 0, 3);
      assertThatThrownBy(
              () -> writer.finish(TinyCheckpoints.parts(0), TinyCheckpoints.provenance()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void doesNotReplaceAnythingElse() {
    assertThatThrownBy(() -> QuantizedFolderWriter.open(model, base, model, "one"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("is not a quantized checkpoint");
  }
}
