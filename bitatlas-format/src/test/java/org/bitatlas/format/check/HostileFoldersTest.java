package org.bitatlas.format.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bitatlas.format.modelslim.Description;
import org.bitatlas.format.modelslim.LinearType;
import org.bitatlas.format.modelslim.ModelSlimReader;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Damaged and malicious folders: the check reports, the reader refuses in a sentence. */
class HostileFoldersTest {

  private static final int ROUNDS = 30;

  @TempDir private Path folder;

  private static void readOrRefuse(Path path) {
    try (ModelFolder opened = new ModelSlimReader().read(path)) {
      assertThat(opened.quantized()).isPresent();
    } catch (BitAtlasException refused) {
      assertThat(refused.getMessage()).endsWith(".").doesNotStartWith("null");
    }
  }

  private static CheckReport check(Path path, String target) {
    return CheckpointCheck.run(path, LoaderTarget.of(target, Optional.empty()));
  }

  /** Flips bytes of one file, cuts it or repeats a part of it. */
  private static byte[] damaged(byte[] content, SplittableRandom random) {
    byte[] bytes = content.clone();
    switch (random.nextInt(3)) {
      case 0 -> {
        int most = Math.min(bytes.length, 20_000);
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
          bytes[random.nextInt(most)] = (byte) random.nextInt();
        }
        return bytes;
      }
      case 1 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      default -> {
        int from = random.nextInt(bytes.length);
        int length = random.nextInt(Math.min(64, bytes.length - from) + 1);
        byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
        System.arraycopy(bytes, from, longer, bytes.length, length);
        return longer;
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = LinearType.class,
      names = {"W8A8", "W4A8_DYNAMIC", "W4A4_FLATQUANT_DYNAMIC"})
  void survivesDamageAnywhere(LinearType type) throws IOException {
    Path good = GoodFolders.modelSlim(folder, type).path();
    SplittableRandom random = new SplittableRandom(type.ordinal());
    List<Path> files;
    try (Stream<Path> listed = Files.list(good)) {
      files =
          listed
              .filter(file -> file.toString().matches(".*(config|description|weights).*"))
              .sorted()
              .toList();
    }
    for (int round = 0; round < ROUNDS; round++) {
      Path file = files.get(round % files.size());
      byte[] content = Files.readAllBytes(file);
      Files.write(file, damaged(content, random));
      readOrRefuse(good);
      assertThat(check(good, "vllm-ascend@0.23").folder()).isEqualTo(good);
      Files.write(file, content);
    }
    assertThat(check(good, "vllm-ascend@0.23").passes()).isTrue();
  }

  @Test
  void survivesDamageToTheOtherFormats() throws IOException {
    List<EditableFolder> folders = new ArrayList<>();
    folders.add(GoodFolders.gptq(folder.resolve("gptq")));
    folders.add(GoodFolders.awq(folder.resolve("awq")));
    folders.add(GoodFolders.packQuantized(folder.resolve("packed")));
    folders.add(GoodFolders.intQuantized(folder.resolve("bytes")));
    SplittableRandom random = new SplittableRandom(11);
    for (EditableFolder made : folders) {
      Path file = made.path().resolve("config.json");
      byte[] content = Files.readAllBytes(file);
      for (int round = 0; round < ROUNDS; round++) {
        Files.write(file, damaged(content, random));
        check(made.path(), "vllm");
        check(made.path(), "transformers");
      }
    }
  }

  @Test
  void survivesFieldsOfOtherKinds() throws IOException {
    EditableFolder made = GoodFolders.packQuantized(folder.resolve("packed"));
    Path file = made.path().resolve("config.json");
    String text = Files.readString(file);
    for (String value : List.of("null", "[]", "{}", "-1", "1e99", "\"x\"", "true", "[[[]]]")) {
      for (String field :
          List.of(
              "bits",
              "num_bits",
              "group_size",
              "targets",
              "ignore",
              "format",
              "strategy",
              "weights",
              "config_groups",
              "quantization_config",
              "quant_method",
              "hidden_size",
              "torch_dtype",
              "input_activations")) {
        String changed =
            text.replaceFirst("\"" + field + "\" *: *[^,\\n{\\[]+", "\"" + field + "\": " + value);
        Files.writeString(file, changed);
        check(made.path(), "vllm");
      }
    }
  }

  @Test
  void takesNoMemoryForNumbersThatAreNotBackedByData() throws IOException {
    EditableFolder made = GoodFolders.modelSlim(folder, LinearType.W8A8);
    made.json("config.json", all -> all.put("num_hidden_layers", 2_000_000_000));
    assertThat(check(made.path(), "vllm-ascend").findings())
        .anyMatch(finding -> finding.rule().equals("architecture"));
    made.json(
        "config.json", all -> all.put("num_hidden_layers", 2).put("intermediate_size", 1 << 30));
    assertThat(check(made.path(), "vllm-ascend").passes()).isFalse();
    assertThatThrownBy(() -> new ModelSlimReader().read(made.path()))
        .isInstanceOf(BitAtlasException.class);
  }

  @Test
  void readsNothingOutsideItsFolder() throws IOException {
    EditableFolder made = GoodFolders.modelSlim(folder, LinearType.W8A8);
    Files.move(
        made.path().resolve("quant_model_weights.safetensors"),
        folder.resolve("elsewhere.safetensors"));
    made.write(
        "quant_model_weights.safetensors.index.json",
        "{\"weight_map\": {\"model.norm.weight\": \"../elsewhere.safetensors\"}}");
    assertThatThrownBy(() -> new ModelSlimReader().read(made.path()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("not a file inside its folder");
    assertThat(check(made.path(), "vllm-ascend").findings())
        .anyMatch(finding -> finding.problem().contains("../elsewhere.safetensors"));
  }

  @Test
  void refusesCodesAndOffsetsThatTheTypeDoesNotHave() throws IOException {
    EditableFolder made = GoodFolders.modelSlim(folder.resolve("a"), LinearType.W4A4_DYNAMIC);
    made.change("model.layers.0.mlp.up_proj.weight", bytes -> bytes[3] = 100);
    assertThatThrownBy(() -> new ModelSlimReader().read(made.path()))
        .hasMessageContaining("model.layers.0.mlp.up_proj")
        .hasMessageContaining("100");
    EditableFolder offset = GoodFolders.modelSlim(folder.resolve("b"), LinearType.W8A16);
    offset.change("model.layers.1.mlp.up_proj.weight_offset", bytes -> bytes[3] = 0x40);
    assertThatThrownBy(() -> new ModelSlimReader().read(offset.path()))
        .hasMessageContaining("model.layers.1.mlp.up_proj")
        .hasMessageContaining("asymmetric");
    EditableFolder nan = GoodFolders.modelSlim(folder.resolve("c"), LinearType.W8A8);
    nan.floats("model.layers.1.mlp.up_proj.input_scale", new float[] {Float.NaN}, 1);
    assertThatThrownBy(() -> new ModelSlimReader().read(nan.path()))
        .hasMessageContaining("model.layers.1.mlp.up_proj.input_scale");
  }

  @Test
  void refusesACacheThatIsNotRead() throws IOException {
    EditableFolder made = GoodFolders.modelSlim(folder, LinearType.W8A8);
    made.json(Description.FILE, all -> all.put("kv_cache_type", "C8"));
    assertThatThrownBy(() -> new ModelSlimReader().read(made.path()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("C8");
    assertThat(check(made.path(), "vllm-ascend").findings())
        .anyMatch(
            finding -> finding.where().equals("model.layers.0.self_attn.k_proj.kv_cache_scale"));
  }
}
