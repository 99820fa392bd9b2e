package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.awq.AwqWriter;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.compressed.CompressedTensorsWriter;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged and malicious folders: a {@link BitAtlasException}, and memory no larger than the files.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileFoldersTest {

  private static final int MUTATIONS = 100;
  private static final long MOST_BYTES = 64L << 20;
  private static final String WEIGHTS = "model.safetensors";

  private Path folder = Path.of("");

  @BeforeAll
  void writeValidFolders(@TempDir Path shared) throws IOException {
    folder = shared;
    Path asymmetric = quantized("asymmetric", 4, false, false, new LinkedHashMap<>());
    Path scattered = quantized("scattered", 4, true, true, new LinkedHashMap<>());
    LinkedHashMap<String, LinearActivations> rounded = new LinkedHashMap<>();
    rounded.put(
        "model.layers.0.mlp.up_proj",
        LinearActivations.rounding(ActivationQuantizer.perTensor(8, false, -1, 2)));
    RoundTrip.export(asymmetric, new CompressedTensorsWriter(), folder.resolve("packed"));
    RoundTrip.export(
        quantized("fixed", 8, true, false, rounded),
        new CompressedTensorsWriter(),
        folder.resolve("plain"));
    RoundTrip.export(scattered, new GptqWriter(), folder.resolve("gptq"));
    RoundTrip.export(asymmetric, new AwqWriter(), folder.resolve("awq"));
  }

  private Path quantized(
      String name,
      int bits,
      boolean symmetric,
      boolean scattered,
      LinkedHashMap<String, LinearActivations> activations)
      throws IOException {
    return SmallModel.writeQuantized(
        folder.resolve(name),
        ElementType.F16,
        (module, size) ->
            SmallModel.grid(
                size[0],
                size[1],
                bits,
                32,
                symmetric,
                scattered
                    ? Optional.of(IntStream.range(0, size[1]).map(k -> k % 2).toArray())
                    : Optional.empty(),
                module.hashCode()),
        activations);
  }

  private Path copy(String name) throws IOException {
    Path copy = Files.createTempDirectory(folder, name);
    try (Stream<Path> files = Files.list(folder.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName().toString()));
      }
    }
    return copy;
  }

  /** Opens a folder and everything in it. */
  private static void open(Path damaged) {
    try (ModelFolder opened = FormatCatalog.open(damaged)) {
      assertThat(opened.quantized().orElseThrow().linears()).isNotEmpty();
    }
  }

  /** Seeded damage to bytes of the header, the weights and the configuration. */
  @ParameterizedTest
  @ValueSource(strings = {"packed", "plain", "gptq", "awq"})
  void damagedBytesAreRefusedOrRead(String name) throws IOException {
    Path damaged = copy(name);
    SplittableRandom random = new SplittableRandom(name.hashCode());
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      Path file = damaged.resolve(random.nextInt(3) == 0 ? "config.json" : WEIGHTS);
      byte[] content = Files.readAllBytes(file);
      Files.write(file, mutated(content, random));
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      try {
        open(damaged);
      } catch (BitAtlasException expected) {
        assertThat(expected.getMessage()).isNotBlank();
        refused++;
      }
      long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      assertThat(after - before).as("mutation %d", i).isLessThan(MOST_BYTES);
      Files.write(file, content);
    }
    assertThat(refused).isGreaterThan(MUTATIONS / 4);
  }

  private static byte[] mutated(byte[] content, SplittableRandom random) {
    byte[] result = content.clone();
    // Most of it in the first bytes, where headers and structure are.
    int reach = random.nextBoolean() ? Math.min(content.length, 6000) : content.length;
    switch (random.nextInt(4)) {
      case 0 -> result = Arrays.copyOf(content, random.nextInt(content.length));
      case 1 -> result[random.nextInt(reach)] = (byte) random.nextInt(256);
      case 2 -> {
        int at = random.nextInt(reach);
        for (int i = at; i < Math.min(at + 8, result.length); i++) {
          result[i] = (byte) "0123456789-[]{}\",:".charAt(random.nextInt(18));
        }
      }
      default -> {
        int from = random.nextInt(reach);
        int to = random.nextInt(reach);
        int length = Math.min(random.nextInt(1, 200), content.length - Math.max(from, to));
        System.arraycopy(content, from, result, to, length);
      }
    }
    return result;
  }

  /** One tensor of a folder replaced. */
  private void assertTensorRefused(String name, UnaryOperator<TensorData> change, String message)
      throws IOException {
    Path damaged = copy(name);
    List<TensorData> tensors = new ArrayList<>();
    try (SafetensorsCheckpoint stored =
        SafetensorsCheckpoint.open(folder.resolve(name).resolve(WEIGHTS))) {
      stored
          .names()
          .forEach(tensor -> tensors.add(change.apply(TensorData.of(stored.get(tensor)))));
      SafetensorsWriter.write(damaged.resolve(WEIGHTS), tensors, new LinkedHashMap<>());
    }
    assertThatThrownBy(() -> open(damaged))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }

  private static UnaryOperator<TensorData> replace(String ending, byte value) {
    return tensor -> {
      if (!tensor.name().endsWith(ending)) {
        return tensor;
      }
      byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
      Arrays.fill(bytes, value);
      return new TensorData(
          tensor.name(), tensor.type(), tensor.shape(), MemorySegment.ofArray(bytes));
    };
  }

  @Test
  void valuesThatMeanNothingAreNamed() throws IOException {
    byte ones = (byte) 0xFF;
    assertTensorRefused("packed", replace("q_proj.weight_scale", ones), "holds NaN");
    assertTensorRefused("gptq", replace("q_proj.scales", ones), "holds NaN");
    assertTensorRefused("awq", replace("q_proj.scales", ones), "holds NaN");
    assertTensorRefused("gptq", replace("q_proj.g_idx", ones), "into group -1");
    assertTensorRefused("gptq", replace("q_proj.g_idx", (byte) 9), "expected 0 to 1");
    assertTensorRefused("plain", replace("up_proj.input_scale", (byte) 0), "positive");
    assertTensorRefused("packed", replace("q_proj.weight_shape", (byte) 1), "says that its shape");
  }

  @Test
  void wrongTypesAndShapesAreNamed() throws IOException {
    assertTensorRefused(
        "packed",
        tensor ->
            tensor.name().endsWith("q_proj.weight_packed")
                ? new TensorData(tensor.name(), ElementType.F32, tensor.shape(), tensor.bytes())
                : tensor,
        "is F32 [64, 8], expected I32 [64, 8]");
    assertTensorRefused(
        "awq",
        tensor ->
            tensor.name().endsWith("q_proj.qzeros")
                ? new TensorData(tensor.name(), tensor.type(), List.of(4L, 4L), tensor.bytes())
                : tensor,
        "expected I32 [2, 8]");
    assertTensorRefused(
        "gptq",
        tensor ->
            tensor.name().endsWith("layers.0.self_attn.q_proj.qzeros")
                ? new TensorData("model.stray", tensor.type(), tensor.shape(), tensor.bytes())
                : tensor,
        "qzeros");
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = "~",
      value = {
        "packed~\"num_bits\" : 4~\"num_bits\" : 9~num_bits, expected a whole number of 1 to 8",
        "packed~\"group_size\" : 32~\"group_size\" : 2000000000~no multiple",
        "packed~\"group_size\" : 32~\"group_size\" : 0~positive number of columns",
        "packed~\"type\" : \"int\"~\"type\" : \"float\"~integer grids only",
        "packed~\"Linear\"~\"re:(([a-z._0-9])+)+\\\\2#\"~cannot be matched",
        "packed~\"Linear\"~\"re:(((\"~cannot be matched",
        "packed~\"kv_cache_scheme\" : null~\"kv_cache_scheme\" : {\"num_bits\":8}~kv_cache_scheme",
        "packed~\"hidden_size\" : 64~\"hidden_size\" : 1073741824~asks for [64, 1073741824]",
        "packed~\"vocab_size\" : 128~\"vocab_size\" : 2147483647~2147483647",
        "packed~\"num_hidden_layers\" : 2~\"num_hidden_layers\" : 2000000000~2000000000 blocks",
        "gptq~\"num_hidden_layers\" : 2~\"num_hidden_layers\" : 2000000000~2000000000 blocks",
        "gptq~\"bits\" : 4~\"bits\" : 5~2, 3, 4 or 8",
        "gptq~\"checkpoint_format\" : \"gptq\"~\"checkpoint_format\" : \"marlin\"~gptq or gptq_v2",
        "gptq~\"group_size\" : 32~\"group_size\" : 33~groups of 33",
        "awq~\"version\" : \"gemm\"~\"version\" : \"gemv\"~other layouts are not read",
        "awq~\"bits\" : 4~\"bits\" : 3~the only width",
        "awq~\"group_size\" : 32~\"group_size\" : 48~do not divide"
      })
  void configurationsThatLieAreRefused(String name, String found, String lie, String message)
      throws IOException {
    Path damaged = copy(name);
    Path file = damaged.resolve("config.json");
    String text = Files.readString(file);
    assertThat(text).contains(found);
    Files.writeString(file, text.replace(found, lie));
    assertThatThrownBy(() -> open(damaged))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }

  @Test
  void anIndexThatLeavesTheFolderOrNamesShardsTwiceIsRefused() throws IOException {
    Path damaged = copy("gptq");
    Files.move(damaged.resolve(WEIGHTS), damaged.resolve("a.safetensors"));
    Path index = damaged.resolve("model.safetensors.index.json");
    for (Map.Entry<String, String> wrong :
        Map.of(
                "{\"weight_map\":{\"x\":\"../a.safetensors\"}}", "not a file inside",
                "{\"weight_map\":{\"x\":\"/etc/passwd\"}}", "not a file inside",
                "{\"weight_map\":{\"x\":\"model.safetensors.index.json\"}}", "header",
                "{\"weight_map\":{\"x\":\"a.safetensors\",\"x\":\"b.safetensors\"}}", "uplicate",
                "{\"weight_map\":{\"x\":\"a.safetensors\"}}", "lacks tensor")
            .entrySet()) {
      Files.writeString(index, wrong.getKey(), StandardCharsets.UTF_8);
      assertThatThrownBy(() -> open(damaged))
          .as(wrong.getKey())
          .isInstanceOf(BitAtlasException.class)
          .message()
          .containsIgnoringCase(wrong.getValue());
    }
  }
}
