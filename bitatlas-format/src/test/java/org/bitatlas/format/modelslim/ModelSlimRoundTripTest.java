package org.bitatlas.format.modelslim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.TinyModel;
import org.bitatlas.format.TinyModel.Layer;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

class ModelSlimRoundTripTest {

  private static final String QUERY = "model.layers.0.self_attn.q_proj";
  private static final String DOWN = "model.layers.1.mlp.down_proj";

  @TempDir private Path folder;

  private Path export(ElementType type, Function<String, Optional<Layer>> quantize)
      throws IOException {
    Path model = TinyModel.write(folder.resolve("model"), type, true);
    Path target = folder.resolve("exported");
    ExportSource source = TinyModel.source(model, quantize);
    try (Checkpoint _ = source.floats()) {
      new CheckpointExport(source, new ModelSlimWriter().plan(source), ExportOptions.DEFAULT)
          .write(target);
    }
    return target;
  }

  @ParameterizedTest
  @EnumSource(
      value = LinearType.class,
      names = {"FLOAT", "W8A8_MIX"},
      mode = EnumSource.Mode.EXCLUDE)
  void readsBackBitForBitWhatItWrote(LinearType type) throws IOException {
    Path exported = export(ElementType.BF16, SampleLayers.of(type));
    assertThat(new ModelSlimReader().recognizes(exported)).isTrue();
    try (ModelFolder opened = new ModelSlimReader().read(exported);
        Checkpoint model = SafetensorsCheckpoint.open(folder.resolve("model"))) {
      var quantized = opened.quantized().orElseThrow();
      var expected = TinyModel.quantized(opened.architecture(), SampleLayers.of(type));
      assertThat(quantized.linears()).isEqualTo(expected.linears());
      expected
          .activations()
          .forEach((module, around) -> {
            LinearActivations read = quantized.activationsOf(module);
            if (type == LinearType.W8A8) {
              // Of a static range only its grid is stored.
              assertThat(StaticInput.of(read.input().orElseThrow()))
                  .isEqualTo(StaticInput.of(around.input().orElseThrow()));
            } else {
              assertThat(read).isEqualTo(around);
            }
          });
      assertThat(quantized.provenance()).isEqualTo(expected.provenance());
      for (String name : opened.checkpoint().names()) {
        assertThat(opened.checkpoint().get(name).data().mismatch(model.get(name).data()))
            .isEqualTo(-1);
      }
    }
  }

  @Test
  void storesGroupsWithScalesOfOneLevelAsSecondScales() throws IOException {
    Function<String, Optional<Layer>> quantize =
        module ->
            Optional.of(
                module.contains("self_attn")
                    ? SampleLayers.layer(LinearType.W8A8_DYNAMIC, module)
                    : new Layer(
                        TinyModel.grid(
                            SampleLayers.rows(module),
                            module.contains("down") ? 128 : 64,
                            4,
                            32,
                            11),
                        LinearActivations.NONE));
    Path exported = export(ElementType.BF16, quantize);
    try (ModelFolder opened = new ModelSlimReader().read(exported)) {
      assertThat(opened.quantized().orElseThrow().linears())
          .isEqualTo(TinyModel.quantized(opened.architecture(), quantize).linears());
    }
  }

  @Test
  void namesEveryTensorInTheDescriptionAndTheHeadThatIsTied() throws IOException {
    Path exported = export(ElementType.BF16, SampleLayers.of(LinearType.W8A8));
    ObjectNode description = JsonFile.read(exported.resolve(Description.FILE));
    try (Checkpoint stored = SafetensorsCheckpoint.open(exported, "quant_model_weights")) {
      for (String name : stored.names()) {
        assertThat(description.has(name)).as(name).isTrue();
      }
      assertThat(stored.get(QUERY + ".weight").type()).isEqualTo(ElementType.I8);
      assertThat(stored.get(QUERY + ".deq_scale").type()).isEqualTo(ElementType.F32);
      assertThat(stored.get(QUERY + ".quant_bias").shape()).isEqualTo(List.of(64L));
      assertThat(stored.get(QUERY + ".input_scale").shape()).isEqualTo(List.of(1L));
    }
    assertThat(description.path("lm_head.weight").asString()).isEqualTo("FLOAT");
    assertThat(description.path(QUERY + ".weight").asString()).isEqualTo("W8A8");
    assertThat(description.path(QUERY + ".bias").asString()).isEqualTo("FLOAT");
    assertThat(description.path("model_quant_type").asString()).isEqualTo("W8A8");
    assertThat(description.path("version").asString()).isEqualTo("1.0.0");
    assertThat(exported.resolve("tokenizer.model")).exists();
    assertThat(exported.resolve("LICENSE")).exists();
  }

  @Test
  void storesTheScalesOfAnFp16ModelAsBitPatterns() throws IOException {
    Path exported = export(ElementType.F16, SampleLayers.of(LinearType.W8A8));
    try (Checkpoint stored = SafetensorsCheckpoint.open(exported, "quant_model_weights")) {
      GridLinear grid = (GridLinear) SampleLayers.layer(LinearType.W8A8, QUERY).linear();
      long[] patterns = StoredIntegers.longs(stored.get(QUERY + ".deq_scale"), 64);
      float scale = 3.3f / 127 * grid.scales()[5];
      assertThat(patterns[5]).isEqualTo(Float.floatToRawIntBits(scale));
    }
    try (ModelFolder opened = new ModelSlimReader().read(exported)) {
      assertThat(opened.quantized().orElseThrow().linears())
          .isEqualTo(
              TinyModel.quantized(opened.architecture(), SampleLayers.of(LinearType.W8A8))
                  .linears());
    }
  }

  @Test
  void packsTwoRowsIntoAByteWithSixteenSlicesWhereInputsAreSplit() throws IOException {
    Path exported = export(ElementType.BF16, SampleLayers.of(LinearType.W4A8_DYNAMIC));
    try (Checkpoint stored = SafetensorsCheckpoint.open(exported, "quant_model_weights")) {
      assertThat(stored.get(DOWN + ".weight").shape()).isEqualTo(List.of(32L, 128L));
      assertThat(stored.get(DOWN + ".scale_bias").shape()).isEqualTo(List.of(64L, 16L));
      assertThat(stored.get("model.layers.1.mlp.up_proj.scale_bias").shape())
          .isEqualTo(List.of(128L, 1L));
      assertThat(stored.get(DOWN + ".weight_scale_second").shape()).isEqualTo(List.of(64L, 4L));
    }
    assertThat(JsonFile.read(exported.resolve(Description.FILE)).path("group_size").intValue())
        .isEqualTo(32);
  }

  @Test
  void saysThatTransformsOfMorePrecisionAreRoundedWhenLoaded() throws IOException {
    Path model = TinyModel.write(folder.resolve("model"), ElementType.BF16, true);
    ExportSource source =
        TinyModel.source(model, SampleLayers.of(LinearType.W4A4_FLATQUANT_DYNAMIC));
    try (Checkpoint _ = source.floats()) {
      assertThat(new ModelSlimWriter().plan(source).notes())
          .anyMatch(note -> note.contains("left_trans") && note.contains("trans_dtype=bfloat16"));
    }
  }

  @Test
  void refusesABiasThatTheKernelWouldDrop() {
    assertThatThrownBy(() ->
            export(
                ElementType.BF16,
                module ->
                    module.contains("o_proj")
                        ? Optional.of(
                            new Layer(SampleLayers.twoLevels(64, 64, 1), LinearActivations.NONE))
                        : Optional.empty()))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContaining("model.layers.0.self_attn.o_proj")
        .hasMessageContaining("never adds the bias");
    assertThat(Files.exists(folder.resolve("exported"))).isFalse();
  }

  @Test
  void refusesAsymmetricWeights() {
    GridLinear grid = TinyModel.grid(64, 64, 8, 64, 1);
    grid.zeroPoints()[7] = 3;
    assertThatThrownBy(() ->
            export(
                ElementType.BF16,
                module ->
                    module.equals(QUERY)
                        ? Optional.of(new Layer(grid, LinearActivations.NONE))
                        : Optional.empty()))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContaining(QUERY)
        .hasMessageContaining("asymmetric");
  }

  @Test
  void refusesPartsOfAFusedLayerThatDiffer() {
    assertThatThrownBy(() ->
            export(
                ElementType.BF16,
                module ->
                    module.equals(QUERY)
                        ? Optional.of(SampleLayers.layer(LinearType.W8A16, module))
                        : Optional.empty()))
        .isInstanceOf(FormatRefusal.class)
        .hasMessageContaining("model.layers.0.self_attn.qkv_proj")
        .hasMessageContaining("one type");
  }
}
