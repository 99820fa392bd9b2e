package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bitatlas.format.awq.AwqWriter;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.compressed.CompressedTensorsWriter;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.format.modelslim.ModelSlimWriter;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Conversions of damaged and malicious folders, whose layers are read while the result is written:
 * a sentence and no trace of the result, or a whole one, and memory no larger than the files.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileConversionTest {

  private static final int MUTATIONS = 60;
  private static final long MOST_BYTES = 64L << 20;

  private Path folder = Path.of("");

  @BeforeAll
  void writeValidFolders(@TempDir Path shared) throws IOException {
    folder = shared;
    Path four = folder.resolve("bitatlas");
    write(four, HostileConversionTest::asymmetric, new LinkedHashMap<>());
    RoundTrip.export(four, new CompressedTensorsWriter(), folder.resolve("packed"));
    RoundTrip.export(four, new GptqWriter(), folder.resolve("gptq"));
    RoundTrip.export(four, new AwqWriter(), folder.resolve("awq"));
    LinkedHashMap<String, LinearActivations> rounded = new LinkedHashMap<>();
    rounded.put(
        "model.layers.0.mlp.up_proj",
        LinearActivations.rounding(ActivationQuantizer.perToken(8, true)));
    // One code of 4 bits in a byte, so that most bytes are no code.
    Path bytes = folder.resolve("bytes");
    write(bytes, SmallModel.symmetric(4, 32), rounded);
    RoundTrip.export(bytes, new CompressedTensorsWriter(), folder.resolve("plain"));
    Path channels = folder.resolve("channels");
    write(channels, SmallModel.symmetric(8, 0), new LinkedHashMap<>());
    RoundTrip.export(channels, new ModelSlimWriter(), folder.resolve("modelslim"));
  }

  private static GridLinear asymmetric(String module, int[] size) {
    return SmallModel.grid(size[0], size[1], 4, 32, false, Optional.empty(), module.hashCode());
  }

  private static void write(
      Path target,
      BiFunction<String, int[], StoredLinear> linears,
      LinkedHashMap<String, LinearActivations> activations)
      throws IOException {
    SmallModel.writeQuantized(target, ElementType.F16, linears, activations);
  }

  private Path copy(String name) throws IOException {
    Path copy = Files.createTempDirectory(folder, name).resolve("from");
    Files.createDirectories(copy);
    for (Path file : files(folder.resolve(name))) {
      Files.copy(file, copy.resolve(file.getFileName().toString()));
    }
    return copy;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static void convert(Path from, Path to) {
    try (ModelFolder opened = FormatCatalog.map(from)) {
      NeutralFolder.write(ExportSource.of(opened), to);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bitatlas", "packed", "plain", "gptq", "awq", "modelslim"})
  void aDamagedFolderIsConvertedWholeOrNotAtAll(String name) throws IOException {
    Path damaged = copy(name);
    Path target = damaged.resolveSibling("to");
    List<Path> files =
        files(damaged).stream()
            .filter(file ->
                file.toString().matches(".*(config|description|bitatlas)[^/]*json")
                    || file.toString().endsWith(".safetensors"))
            .toList();
    SplittableRandom random = new SplittableRandom(name.hashCode());
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      Path file = files.get(i % files.size());
      byte[] content = Files.readAllBytes(file);
      Files.write(file, damaged(content, random));
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      try {
        convert(damaged, target);
        assertThat(QuantizedCheckpointFolder.isQuantized(target)).isTrue();
      } catch (BitAtlasException expected) {
        assertThat(expected.getMessage()).endsWith(".");
        refused++;
      }
      long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      assertThat(after - before).as("mutation %d", i).isLessThan(MOST_BYTES);
      assertThat(damaged.resolveSibling(".to.partial")).doesNotExist();
      Files.write(file, content);
    }
    assertThat(refused).isGreaterThan(MUTATIONS / 4);
  }

  private static byte[] damaged(byte[] content, SplittableRandom random) {
    byte[] bytes = content.clone();
    int reach = random.nextBoolean() ? Math.min(bytes.length, 4000) : bytes.length;
    switch (random.nextInt(3)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 1 -> {
        for (int i = 0; i < 4; i++) {
          bytes[random.nextInt(reach)] = (byte) random.nextInt();
        }
      }
      default -> {
        int from = random.nextInt(reach);
        Arrays.fill(bytes, from, Math.min(bytes.length, from + 64), (byte) 0xFF);
      }
    }
    return bytes;
  }

  /** Codes are read last: by then most of the result is written. */
  @Test
  void codesThatAreNoneLeaveNothingBehind() throws IOException {
    Path damaged = copy("plain");
    Path weights = damaged.resolve("model.safetensors");
    byte[] content = Files.readAllBytes(weights);
    // The last tensor of the file is the I8 weight of the last layer by name.
    Arrays.fill(content, content.length - 64 * 96, content.length, (byte) 100);
    Files.write(weights, content);
    Path target = damaged.resolveSibling("to");
    assertThatThrownBy(() -> convert(damaged, target))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("holds the code 100");
    assertThat(target).doesNotExist();
    assertThat(damaged.resolveSibling(".to.partial")).doesNotExist();
  }

  /** An index cannot lead out of the folder, to itself or to a file that is no shard. */
  @ParameterizedTest
  @ValueSource(strings = {"bitatlas", "packed", "gptq", "awq", "modelslim"})
  void anIndexThatLeadsElsewhereIsRefused(String name) throws IOException {
    Path damaged = copy(name);
    String stem = name.equals("modelslim") ? "quant_model_weights" : "model";
    String index = stem + ".safetensors.index.json";
    String outside = "";
    for (Path file : files(damaged)) {
      if (file.toString().endsWith(".safetensors")) {
        outside = file.getFileName().toString();
        Files.move(file, damaged.resolveSibling(file.getFileName().toString()));
      }
    }
    for (Map.Entry<String, String> wrong :
        Map.of(
                "../" + outside,
                "not a file inside",
                "/etc/passwd",
                "not a file inside",
                index,
                "header",
                "config.json",
                "header")
            .entrySet()) {
      Files.writeString(
          damaged.resolve(index), "{\"weight_map\":{\"x\":\"%s\"}}".formatted(wrong.getKey()));
      assertThatThrownBy(() -> convert(damaged, damaged.resolveSibling("to")))
          .as(wrong.getKey())
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining(wrong.getValue());
    }
  }

  /** JSON that is nested without end, and numbers without end, in every file that is read first. */
  @ParameterizedTest
  @ValueSource(strings = {"bitatlas", "packed", "gptq", "awq", "modelslim"})
  void bottomlessJsonIsRefused(String name) throws IOException {
    Path damaged = copy(name);
    for (Path file : files(damaged)) {
      if (!file.toString().matches(".*(config|description|bitatlas)[^/]*json")
          || file.toString().matches(".*(generation_config|export|quantize_config).*")) {
        continue;
      }
      String content = Files.readString(file);
      for (String value : List.of("[".repeat(200_000), "1".repeat(200_000))) {
        Files.writeString(file, "{\"x\":" + value + "," + content.substring(1));
        assertThatThrownBy(() -> convert(damaged, damaged.resolveSibling("to")))
            .as(file.toString())
            .isInstanceOf(BitAtlasException.class);
      }
      Files.writeString(file, content);
    }
  }
}
