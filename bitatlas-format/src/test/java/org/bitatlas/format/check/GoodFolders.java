package org.bitatlas.format.check;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsWriter;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.JsonFile;
import org.bitatlas.format.RoundTrip;
import org.bitatlas.format.SmallModel;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.TinyModel;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.format.modelslim.LinearType;
import org.bitatlas.format.modelslim.ModelSlimWriter;
import org.bitatlas.format.modelslim.SampleLayers;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.CheckpointValidation;
import org.bitatlas.tensor.ElementType;
import tools.jackson.databind.node.ObjectNode;

/** Folders that load: of ModelSlim as written here, of the others laid out from their notes. */
final class GoodFolders {

  private GoodFolders() {}

  /** AscendV1, all layers of a type. */
  static EditableFolder modelSlim(Path folder, LinearType type) throws IOException {
    Path model = TinyModel.write(folder.resolve("model"), ElementType.BF16, true);
    Path target = folder.resolve("exported");
    ExportSource source = TinyModel.source(model, SampleLayers.of(type));
    try (Checkpoint _ = source.floats()) {
      new CheckpointExport(source, new ModelSlimWriter().plan(source), ExportOptions.DEFAULT)
          .write(target);
    }
    return new EditableFolder(target);
  }

  /** A float model of the architecture Llama, with tokenizer files. */
  static EditableFolder plain(Path folder) throws IOException {
    SmallModel.write(folder, ElementType.F16, false);
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
    return new EditableFolder(folder);
  }

  /** GPTQ, 4 bits in groups of 32. */
  static EditableFolder gptq(Path folder) throws IOException {
    return packed(
        folder,
        """
        {"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": false, "sym": true,
         "checkpoint_format": "gptq"}
        """,
        (tensors, module, rows, columns) -> {
          int groups = columns / 32;
          tensors.add(zeros(module + ".qweight", ElementType.I32, columns / 8, rows));
          byte[] middle = new byte[groups * rows / 2];
          Arrays.fill(middle, (byte) 0x77);
          List<Long> words = List.of((long) groups, rows / 8L);
          tensors.add(EditableFolder.bytes(module + ".qzeros", ElementType.I32, words, middle));
          tensors.add(ones(module + ".scales", groups, rows));
          ByteBuffer index = ByteBuffer.allocate(4 * columns).order(ByteOrder.LITTLE_ENDIAN);
          for (int k = 0; k < columns; k++) {
            index.putInt(k / 32);
          }
          tensors.add(
              EditableFolder.bytes(
                  module + ".g_idx", ElementType.I32, List.of((long) columns), index.array()));
        });
  }

  /**
   * GPTQ as exported: symmetric, in groups of 32, 4 bits.
   *
   * @param others bits of modules whose name ends so, and 0 for those that stay float
   */
  static EditableFolder gptq(Path folder, Map<String, Integer> others) throws IOException {
    ToIntFunction<String> bits =
        module ->
            others.entrySet().stream()
                .filter(entry -> module.endsWith(entry.getKey()))
                .mapToInt(Map.Entry::getValue)
                .findFirst()
                .orElse(4);
    Path quantized =
        SmallModel.writeQuantized(
            folder.resolve("quantized"),
            ElementType.F16,
            (module, size) ->
                SmallModel.symmetric(Math.max(bits.applyAsInt(module), 2), 32).apply(module, size),
            new LinkedHashMap<>());
    Path partly = folder.resolve("partly");
    SmallModel.keepFloat(quantized, partly, module -> bits.applyAsInt(module) == 0);
    Path exported = folder.resolve("exported");
    RoundTrip.export(partly, new GptqWriter(), exported);
    Files.writeString(exported.resolve("tokenizer.json"), "{}");
    Files.writeString(exported.resolve("tokenizer_config.json"), "{}");
    return new EditableFolder(exported);
  }

  /** AWQ, 4 bits in groups of 32. */
  static EditableFolder awq(Path folder) throws IOException {
    return packed(
        folder,
        """
        {"quant_method": "awq", "bits": 4, "group_size": 32, "zero_point": true,
         "version": "gemm", "modules_to_not_convert": null}
        """,
        (tensors, module, rows, columns) -> {
          int groups = columns / 32;
          tensors.add(zeros(module + ".qweight", ElementType.I32, columns, rows / 8));
          tensors.add(zeros(module + ".qzeros", ElementType.I32, groups, rows / 8));
          tensors.add(ones(module + ".scales", groups, rows));
        });
  }

  /** compressed-tensors, pack-quantized, 4 bits in groups of 32. */
  static EditableFolder packQuantized(Path folder) throws IOException {
    return packed(
        folder,
        """
        {"quant_method": "compressed-tensors", "format": "pack-quantized",
         "quantization_status": "compressed", "ignore": ["lm_head"], "config_groups": {"group_0":
         {"targets": ["Linear"], "input_activations": null, "weights": {"num_bits": 4,
         "type": "int", "symmetric": true, "strategy": "group", "group_size": 32}}}}
        """,
        (tensors, module, rows, columns) -> {
          tensors.add(zeros(module + ".weight_packed", ElementType.I32, rows, columns / 8));
          tensors.add(ones(module + ".weight_scale", rows, columns / 32));
          ByteBuffer shape = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
          shape.putLong(rows).putLong(columns);
          tensors.add(
              EditableFolder.bytes(
                  module + ".weight_shape", ElementType.I64, List.of(2L), shape.array()));
        });
  }

  /** compressed-tensors, int-quantized, W8A8 per token. */
  static EditableFolder intQuantized(Path folder) throws IOException {
    return packed(
        folder,
        """
        {"quant_method": "compressed-tensors", "format": "int-quantized",
         "quantization_status": "compressed", "ignore": ["lm_head"], "config_groups": {"group_0":
         {"targets": ["Linear"], "input_activations": {"num_bits": 8, "type": "int",
         "symmetric": true, "strategy": "token", "dynamic": true}, "weights": {"num_bits": 8,
         "type": "int", "symmetric": true, "strategy": "channel"}}}}
        """,
        (tensors, module, rows, columns) -> {
          tensors.add(zeros(module + ".weight", ElementType.I8, rows, columns));
          tensors.add(ones(module + ".weight_scale", rows, 1));
        });
  }

  private interface Layout {
    void add(List<TensorData> tensors, String module, int rows, int columns);
  }

  private static EditableFolder packed(Path folder, String section, Layout layout)
      throws IOException {
    EditableFolder made = plain(folder);
    Files.writeString(folder.resolve("section.json"), section);
    ObjectNode quantization = JsonFile.read(folder.resolve("section.json"));
    made.delete("section.json");
    made.json("config.json", root -> root.set("quantization_config", quantization));
    Architecture architecture = ArchitectureReader.read(folder.resolve("config.json"));
    List<TensorData> tensors = new ArrayList<>();
    CheckpointValidation.expectedTensors(architecture)
        .forEach((name, shape) -> {
          if (!name.contains("_proj.weight")) {
            tensors.add(ones(name, shape.stream().mapToLong(Long::longValue).toArray()));
          }
        });
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        layout.add(
            tensors,
            projection.module(layer),
            architecture.outputFeatures(projection),
            architecture.inputFeatures(projection));
      }
    }
    SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors, new LinkedHashMap<>());
    return made;
  }

  private static TensorData zeros(String name, ElementType type, long... shape) {
    long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return EditableFolder.bytes(
        name,
        type,
        Arrays.stream(shape).boxed().toList(),
        new byte[(int) (count * type.bits() / 8)]);
  }

  private static TensorData ones(String name, long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    Arrays.fill(values, 1);
    return StoredFloats.tensor(name, values, ElementType.F16, shape);
  }
}
