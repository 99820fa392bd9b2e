package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.ProvenanceFile;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointExportTest {

  @TempDir Path folder;

  private Path quantized = Path.of("");

  @BeforeEach
  void writeModel() throws IOException {
    quantized =
        SmallModel.writeQuantized(
            folder.resolve("quantized"),
            ElementType.BF16,
            SmallModel.symmetric(4, 32),
            new LinkedHashMap<>());
  }

  /** A plan of the float tensors and one more. */
  private static ExportPlan plan(ExportSource source, TensorData more) {
    List<TensorData> tensors = new ArrayList<>(source.floatTensors());
    tensors.add(more);
    return new ExportPlan(
        FormatName.GPTQ,
        new WeightFiles.Safetensors("model", tensors, new LinkedHashMap<>()),
        new LinkedHashMap<>(Map.of("config.json", JsonFile.content(source.configuration()))),
        true,
        List.of("A note."));
  }

  private static TensorData bytes(int count) {
    return new TensorData(
        "codes", ElementType.U8, List.of((long) count), MemorySegment.ofArray(new byte[count]));
  }

  private ExportReport write(TensorData more, Path target, long shardBytes) {
    try (ModelFolder opened = ModelFolder.open(quantized)) {
      ExportSource source = ExportSource.of(opened);
      return new CheckpointExport(
              source, plan(source, more), new ExportOptions(shardBytes, List.of("Loss 0.1.")))
          .write(target);
    }
  }

  @Test
  void carriesFilesLicencesAndProvenance() throws IOException {
    Path target = folder.resolve("export");

    ExportReport report = write(bytes(100), target, 1L << 30);

    assertThat(names(target))
        .containsExactlyInAnyOrder(
            "LICENSE",
            "Open Source Software Notice",
            "README.md",
            "bitatlas-export.json",
            "config.json",
            "generation_config.json",
            "model.safetensors");
    assertThat(ProvenanceFile.find(target)).contains(SmallModel.provenance());
    assertThat(Files.readString(target.resolve("README.md")))
        .contains("base_model: \"tiny/small-model\"", "method: rtn", "Loss 0.1.", "A note.")
        .contains("14 linear layers: 4 bits, groups of 32, symmetric")
        .contains("LICENSE, Open Source Software Notice");
    assertThat(report.tensorBytes()).isLessThan(report.floatBytes());
    assertThat(names(folder)).noneMatch(name -> name.startsWith(".export"));
  }

  @Test
  void writesShardsThatReadBackAsOne() {
    Path target = folder.resolve("export");

    ExportReport report = write(bytes(100), target, 10_000);

    assertThat(report.weightFiles()).hasSizeGreaterThan(2);
    try (SafetensorsCheckpoint read = SafetensorsCheckpoint.open(target);
        SafetensorsCheckpoint base =
            SafetensorsCheckpoint.open(folder.resolve("quantized-float"))) {
      assertThat(read.get("codes").shape()).containsExactly(100L);
      for (String name : read.names()) {
        if (!name.equals("codes")) {
          assertThat(read.get(name).data().mismatch(base.get(name).data())).isEqualTo(-1);
        }
      }
      assertThat(read.names()).doesNotContain("model.layers.0.mlp.up_proj.weight");
    }
  }

  @Test
  void refusesToBeLargerThanFloat() {
    assertThatThrownBy(() -> write(bytes(1 << 20), folder.resolve("export"), 1L << 30))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("the float model has");
    assertThat(folder.resolve("export")).doesNotExist();
  }

  @Test
  void leavesNothingBehindWhenWritingFails() throws IOException {
    TensorData failing =
        new TensorData(
            "codes",
            ElementType.U8,
            List.of(10L),
            () -> {
              throw new BitAtlasException("broken");
            });

    assertThatThrownBy(() -> write(failing, folder.resolve("export"), 1000))
        .hasMessageContaining("broken");

    assertThat(names(folder)).containsExactlyInAnyOrder("quantized", "quantized-float");
  }

  @Test
  void replacesAnEarlierExportButNothingElse() throws IOException {
    Path target = folder.resolve("export");
    write(bytes(100), target, 1L << 30);
    write(bytes(50), target, 1L << 30);
    try (SafetensorsCheckpoint read = SafetensorsCheckpoint.open(target)) {
      assertThat(read.get("codes").shape()).containsExactly(50L);
    }
    Path other = Files.createDirectories(folder.resolve("photos"));
    Files.writeString(other.resolve("one.jpg"), "x");
    assertThatThrownBy(() -> write(bytes(50), other, 1L << 30))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("photos");
  }

  @Test
  void refusesToLoseALicence() throws IOException {
    try (ModelFolder opened = ModelFolder.open(quantized)) {
      ExportSource source = ExportSource.of(opened);
      ExportPlan plan = plan(source, bytes(10));
      plan.files().put("LICENSE", new byte[] {1});
      assertThatThrownBy(() ->
              new CheckpointExport(source, plan, ExportOptions.DEFAULT)
                  .write(folder.resolve("export")))
          .hasMessageContaining("would lose the licence file");
    }
    assertThat(folder.resolve("export")).doesNotExist();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
