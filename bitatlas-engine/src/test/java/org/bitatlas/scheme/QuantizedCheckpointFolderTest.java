package org.bitatlas.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizedCheckpointFolderTest {

  private static final String QUERY = "model.layers.0.self_attn.q_proj";
  private static final String DOWN = "model.layers.0.mlp.down_proj";

  @TempDir private Path folder;
  private Path model;
  private Path target;

  @BeforeEach
  void writeBaseModel() throws IOException {
    model = Files.createDirectory(folder.resolve("model"));
    target = folder.resolve("quantized");
    SafetensorsWriter.writeSharded(
        model,
        List.of(
            floats("model.embed_tokens.weight", 6, 5),
            floats("lm_head.weight", 6, 5),
            floats(QUERY + ".weight", 4, 5),
            floats(QUERY + ".bias", 4),
            floats(DOWN + ".weight", 5, 7)),
        new LinkedHashMap<>(),
        1L << 30);
    Files.writeString(model.resolve("config.json"), "{}");
    Files.writeString(model.resolve("LICENSE.txt"), "free");
    Files.writeString(model.resolve("pytorch_model.bin"), "not carried");
  }

  private static TensorData floats(String name, long... shape) {
    List<Long> sizes = Arrays.stream(shape).boxed().toList();
    int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return new TensorData(name, ElementType.F32, sizes, MemorySegment.ofArray(new byte[4 * count]));
  }

  private static GridLinear random(
      int rows, int columns, int bits, int groupSize, Optional<int[]> index) {
    SplittableRandom random = new SplittableRandom(bits);
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    int cells = rows * ((columns + groupSize - 1) / groupSize);
    float[] scales = new float[cells];
    byte[] zeros = new byte[cells];
    for (int i = 0; i < cells; i++) {
      scales[i] = (float) random.nextDouble();
      zeros[i] = (byte) random.nextInt(1 << bits);
    }
    return GridLinear.of(rows, columns, bits, groupSize, false, codes, scales, zeros, index);
  }

  static QuantizedCheckpoint quantized() {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    linears.put(QUERY, random(4, 5, 3, 5, Optional.empty()));
    linears.put(DOWN, random(5, 7, 8, 2, Optional.of(new int[] {3, 2, 1, 0, 0, 1, 2})));
    return new QuantizedCheckpoint(
        linears,
        new Provenance(
            "tiny",
            "00ff",
            new LinkedHashMap<>(Map.of("bits", "3")),
            new LinkedHashMap<>(),
            new LinkedHashMap<>(Map.of("method", 1))));
  }

  private void write() {
    try (Checkpoint base = SafetensorsCheckpoint.open(model)) {
      QuantizedCheckpointFolder.write(quantized(), base, model, target);
    }
  }

  @Test
  void readsScalesOfTwoLevelsBackBitForBit() {
    GridLinear drawn = random(4, 5, 3, 2, Optional.empty());
    float[] channels = {0.1f, 0.2f, 0.7f, 3e-9f};
    float[] scales = new float[drawn.scales().length];
    for (int cell = 0; cell < scales.length; cell++) {
      scales[cell] = channels[cell / drawn.groups()] * (1 + 11 * cell % 127);
    }
    GridLinear linear =
        new GridLinear(
            4,
            5,
            3,
            2,
            false,
            drawn.codes(),
            scales,
            drawn.zeroPoints(),
            Optional.empty(),
            Optional.of(channels));
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>(quantized().linears());
    linears.put(QUERY, linear);
    QuantizedCheckpoint written = new QuantizedCheckpoint(linears, quantized().provenance());
    try (Checkpoint base = SafetensorsCheckpoint.open(model)) {
      QuantizedCheckpointFolder.write(written, base, model, target);
    }
    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(target)) {
      assertThat(opened.quantized()).isEqualTo(written);
    }
  }

  @Test
  void readsBackBitForBit() throws IOException {
    write();

    assertThat(QuantizedCheckpointFolder.isQuantized(target)).isTrue();
    assertThat(QuantizedCheckpointFolder.isQuantized(model)).isFalse();
    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(target)) {
      assertThat(opened.quantized()).isEqualTo(quantized());
      assertThat(opened.floatParts().names())
          .contains("model.embed_tokens.weight", "lm_head.weight", QUERY + ".bias")
          .doesNotContain(QUERY + ".weight", DOWN + ".weight");
    }
    assertThat(target.resolve("config.json")).hasContent("{}");
    assertThat(target.resolve("LICENSE.txt")).exists();
    assertThat(target.resolve("pytorch_model.bin")).doesNotExist();
  }

  @Test
  void replacesAnEarlierOneAndLeavesNothingElse() throws IOException {
    write();
    write();

    try (Stream<Path> entries = Files.list(folder)) {
      assertThat(entries).containsExactlyInAnyOrder(model, target);
    }
  }

  @Test
  void aFailedWriteLeavesNoFolder() throws IOException {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    linears.put(QUERY, random(4, 6, 3, 6, Optional.empty()));
    QuantizedCheckpoint misshapen = new QuantizedCheckpoint(linears, quantized().provenance());
    try (Checkpoint base = SafetensorsCheckpoint.open(model)) {
      assertThatThrownBy(() -> QuantizedCheckpointFolder.write(misshapen, base, model, target))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining(QUERY + ".weight has shape [4, 5]");
    }
    try (Stream<Path> entries = Files.list(folder)) {
      assertThat(entries).containsExactly(model);
    }
  }

  @Test
  void doesNotOverwriteAnythingElse() {
    try (Checkpoint base = SafetensorsCheckpoint.open(model)) {
      assertThatThrownBy(() -> QuantizedCheckpointFolder.write(quantized(), base, model, model))
          .hasMessageContaining("is not a quantized checkpoint");
    }
  }

  @Test
  void refusesNewerAndMalformedManifests() throws IOException {
    write();
    assertRefused("\"formatVersion\" : 3", "\"formatVersion\" : 4", "update BitAtlas");
    assertRefused("\"bits\" : 8", "\"bits\" : 9", "field bits must be 1 to 8, found 9");
    assertRefused("\"bits\" : 8", "\"bits\" : 4", "do not belong together");
    assertRefused("\"outputFeatures\" : 4", "\"outputFeatures\" : 2147483647", "belong together");
    assertRefused("\"groupSize\" : 2", "\"groupSize\" : 3", "do not belong together");
    assertRefused("\"kind\" : \"grid\"", "\"kind\" : \"cloud\"", "has kind");
    assertRefused("\"provenance\"", "\"origin\"", "field provenance must be an object");
    assertRefused("{", "", "not valid JSON");
    assertRefused(QUERY, "model.layers.9.nothing", "model.layers.9.nothing.codes");
  }

  private void assertRefused(String text, String replacement, String message) throws IOException {
    Path manifest = target.resolve("bitatlas.json");
    String valid = Files.readString(manifest);
    assertThat(valid).contains(text);
    int at = valid.indexOf(text);
    Files.writeString(
        manifest, valid.substring(0, at) + replacement + valid.substring(at + text.length()));
    assertThatThrownBy(() -> QuantizedCheckpointFolder.open(target))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
    Files.writeString(manifest, valid);
  }

  @Test
  void refusesAFolderWithoutManifest() {
    assertThatThrownBy(() -> QuantizedCheckpointFolder.open(model))
        .hasMessageContaining("holds no quantized checkpoint");
  }

  @Test
  void countsSizesFromWhatIsStored() {
    write();
    long linearBytes =
        quantized().linears().values().stream().mapToLong(StoredLinear::storedBytes).sum();
    double bitsPerWeight = 8.0 * linearBytes / (4 * 5 + 5 * 7);
    try (Checkpoint base = SafetensorsCheckpoint.open(model);
        QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(target)) {
      assertThat(ModelSize.ofFloat(base, List.of(QUERY, DOWN), false))
          .isEqualTo(new ModelSize(4 * (30 + 30 + 20 + 4 + 35), 4 * 55, 32));
      assertThat(ModelSize.ofFloat(base, List.of(QUERY, DOWN), true).wholeModelBytes())
          .isEqualTo(4 * (30 + 20 + 4 + 35));
      ModelSize expected = new ModelSize(4 * (30 + 4) + linearBytes, linearBytes, bitsPerWeight);
      assertThat(ModelSize.ofQuantized(quantized(), base, true)).isEqualTo(expected);
      assertThat(ModelSize.ofQuantized(opened.quantized(), opened.floatParts(), true))
          .isEqualTo(expected);
    }
  }
}
