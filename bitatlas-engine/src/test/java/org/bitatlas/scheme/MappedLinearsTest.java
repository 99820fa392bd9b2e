package org.bitatlas.scheme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers that are read from their files when they are asked for. */
class MappedLinearsTest {

  @TempDir Path folder;

  private Path target;

  @BeforeEach
  void write() throws IOException {
    Path model = folder.resolve("model");
    Files.createDirectories(model);
    TinyCheckpoints.writeBase(model, true);
    target = folder.resolve("quantized");
    try (Checkpoint base = SafetensorsCheckpoint.open(model)) {
      QuantizedCheckpointFolder.write(TinyCheckpoints.everything(), base, model, target);
    }
  }

  @Test
  void areWhatIsReadAtOnce() {
    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.map(target);
        QuantizedCheckpointFolder.Opened atOnce = QuantizedCheckpointFolder.open(target)) {
      QuantizedCheckpoint expected = atOnce.quantized();
      QuantizedCheckpoint mapped = opened.quantized();
      assertThat(mapped).isEqualTo(expected);
      assertThat(expected).isEqualTo(mapped);
      assertThat(mapped.linears().keySet()).containsExactlyElementsOf(expected.linears().keySet());
      assertThat(mapped.linears().reversed().firstEntry())
          .isEqualTo(expected.linears().lastEntry());
      assertThat(mapped.storedTensors()).isEqualTo(expected.storedTensors());
      assertThat(mapped.schemes()).isEqualTo(expected.schemes());
      assertThat(mapped.meaning()).isEqualTo(expected.meaning());
      for (String module : expected.linears().keySet()) {
        assertThat(mapped.entry(module)).isEqualTo(expected.entry(module));
        Optional<GridCells> cells = mapped.cells(module);
        assertThat(cells.isPresent()).isEqualTo(expected.cells(module).isPresent());
        cells.ifPresent(present ->
            assertThat(present.withCodes(((GridLinear) expected.linears().get(module)).codes()))
                .isEqualTo(expected.linears().get(module)));
      }
    }
  }

  @Test
  void readsALayerEachTimeAndKeepsNone() {
    int[] reads = new int[2];
    GridLinear grid = TinyCheckpoints.grid(4, 6, 3, 2, 1);
    MappedLinears linears = new MappedLinears();
    linears.addGrid(
        "layer",
        () -> {
          reads[0]++;
          return grid.cells();
        },
        () -> {
          reads[1]++;
          return grid.codes();
        });
    assertThat(reads).containsExactly(1, 0);
    assertThat(linears.keySet()).containsExactly("layer");
    assertThat(linears.entry("layer")).isEqualTo(LinearEntry.of(grid));
    assertThat(reads).containsExactly(1, 0);
    assertThat(linears.get("layer")).isEqualTo(grid).isNotSameAs(linears.get("layer"));
    assertThat(reads).containsExactly(3, 2);
    assertThat(linears.cells("layer")).isPresent();
    assertThat(reads).containsExactly(4, 2);
    Map<String, StoredLinear> kept = new LinkedHashMap<>(linears);
    assertThat(kept.get("layer")).isSameAs(kept.get("layer"));
    assertThat(reads).containsExactly(5, 3);
  }

  /** What is damaged is told when it is read, in the words of a folder that is read at once. */
  @Test
  void tellsOfADamagedLayerWhenItIsRead() throws IOException {
    Path manifest = target.resolve("bitatlas.json");
    String valid = Files.readString(manifest);
    Files.writeString(manifest, valid.replaceFirst("\"groupSize\" : \\d+", "\"groupSize\" : 1"));
    try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.map(target)) {
      String module = opened.quantized().linears().keySet().iterator().next();
      assertThatThrownBy(() -> opened.quantized().linears().get(module))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContainingAll(module, "do not belong together");
      assertThatThrownBy(() -> QuantizedCheckpointFolder.open(target))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContainingAll(module, "do not belong together");
    }
  }
}
