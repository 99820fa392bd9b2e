package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A golden file cut into parts as gguf-split cuts: the same model, or a sentence. */
class GgufPartsTest {

  private static final int PARTS = 3;

  @TempDir Path folder;

  private Path whole = Path.of("");
  private List<Path> parts = List.of();

  @BeforeEach
  void split() throws IOException {
    whole = GoldenFiles.list(".gguf").getFirst();
    parts =
        GgufParts.of(Files.createDirectories(folder.resolve("m")).resolve("m-00001-of-00003.gguf"))
            .files();
    try (GgufFile file = GgufFile.open(whole)) {
      List<GgufTensor> tensors = List.copyOf(file.tensors().values());
      for (int part = 0; part < PARTS; part++) {
        // The first part may have metadata alone.
        List<GgufTensor> own =
            part == 0
                ? List.of()
                : tensors.subList((part - 1) * tensors.size() / 2, part * tensors.size() / 2);
        write(
            part,
            PARTS,
            tensors.size(),
            part == 0 ? file.metadata() : new GgufMetadata("", new LinkedHashMap<>()),
            own);
      }
    }
  }

  private void write(
      int part, int count, int all, GgufMetadata metadata, List<GgufTensor> tensors) {
    SequencedMap<String, GgufValue> values = new LinkedHashMap<>(metadata.values());
    values.put(GgufParts.NUMBER, new GgufValue.Whole(GgufKind.UINT16, part));
    values.put(GgufParts.COUNT, new GgufValue.Whole(GgufKind.UINT16, count));
    values.put(GgufParts.TENSORS, new GgufValue.Whole(GgufKind.INT32, all));
    List<GgufTensorData> data = new ArrayList<>();
    for (GgufTensor tensor : tensors) {
      GgufTensorInfo info = tensor.info();
      data.add(
          new GgufTensorData(
              info.name(),
              info.type(),
              info.shape(),
              (row, blocks) -> System.arraycopy(bytes(tensor, row), 0, blocks, 0, blocks.length)));
    }
    GgufWriter.write(parts.get(part), new GgufMetadata("", values), data);
  }

  private static byte[] bytes(GgufTensor tensor, int row) {
    int length = Math.toIntExact(tensor.info().byteSize() / tensor.info().rows());
    return tensor
        .data()
        .asSlice((long) row * length, length)
        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  @Test
  void anyPartOpensTheWholeModel() {
    try (GgufFile expected = GgufFile.open(whole)) {
      for (Path part : parts) {
        try (GgufFile file = GgufFile.open(part)) {
          assertThat(file.path()).isEqualTo(parts.getFirst());
          assertThat(file.tensors().sequencedKeySet())
              .containsExactlyElementsOf(expected.tensors().sequencedKeySet());
          expected
              .tensors()
              .forEach((name, tensor) ->
                  assertThat(file.get(name).decode()).as(name).isEqualTo(tensor.decode()));
          assertThat(file.metadata().values()).containsAllEntriesOf(expected.metadata().values());
        }
      }
    }
    assertThat(new GgufReader().recognizes(parts.getFirst().getParent())).isTrue();
    assertThat(GgufReader.fileOf(parts.getFirst().getParent())).isEqualTo(parts.getFirst());
  }

  private void refused(String reason) {
    assertThatThrownBy(() -> GgufFile.open(parts.getFirst()).close())
        .isExactlyInstanceOf(BitAtlasException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void aPartThatIsMissingIsNamed() throws IOException {
    Files.delete(parts.get(1));

    refused("m-00002-of-00003.gguf");
    assertThat(new GgufReader().recognizes(parts.getFirst().getParent())).isTrue();
  }

  @Test
  void partsOfOtherModelsAreRefused() throws IOException {
    Files.copy(parts.get(1), parts.get(2), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    refused("split.no");
  }

  @Test
  void aTensorThatTwoPartsHaveIsNamed() {
    try (GgufFile file = GgufFile.open(whole)) {
      List<GgufTensor> tensors = List.copyOf(file.tensors().values());
      write(2, PARTS, tensors.size(), new GgufMetadata("", new LinkedHashMap<>()), tensors);
    }
    refused("and so has");
  }

  @Test
  void tensorsThatNoPartHasAreCounted() {
    write(2, PARTS, 0, new GgufMetadata("", new LinkedHashMap<>()), List.of());
    refused("split.tensors.count");
  }

  @Test
  void aRenamedPartSaysHowPartsAreFound() throws IOException {
    Path renamed = Files.copy(parts.getFirst(), folder.resolve("m.gguf"));

    assertThatThrownBy(() -> GgufFile.open(renamed).close())
        .isExactlyInstanceOf(BitAtlasException.class)
        .hasMessageContaining("split.count")
        .hasMessageContaining("finds parts by their names");
  }
}
