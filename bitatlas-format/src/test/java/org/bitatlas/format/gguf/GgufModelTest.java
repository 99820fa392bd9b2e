package org.bitatlas.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportReport;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.SmallModel;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.nano.Nano;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.TensorScope;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ChatTokenizers;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whole models to GGUF and back: the same numbers, the same tokens, the same logits. */
class GgufModelTest {

  private static final int[][] IDS = {{1, 40, 80, 120, 300, 17, 5, 9, 200, 301, 44, 2}};

  @TempDir Path folder;

  private static Map<String, Path> models() {
    Map<String, Path> models = new LinkedHashMap<>();
    models.put("stories260K", GoldenFiles.folder("stories260K"));
    models.put("nano", Nano.open().modelFolder());
    return models;
  }

  @TestFactory
  List<DynamicTest> roundedModelsComeBack() {
    List<DynamicTest> tests = new ArrayList<>();
    models()
        .forEach((name, model) -> {
          // Of the larger model those that its rows are whole blocks of and the small one's not.
          List<GgufType> types =
              name.equals("nano")
                  ? List.of(GgufType.F16, GgufType.Q4_K)
                  : List.of(GgufType.F16, GgufType.BF16, GgufType.Q8_0, GgufType.Q4_0);
          for (GgufType type : types) {
            tests.add(
                DynamicTest.dynamicTest(
                    name + " " + type,
                    () -> roundTrip(model, FloatRounding.usual(type), name + "-" + type)));
          }
        });
    return tests;
  }

  private void roundTrip(Path model, FloatRounding rounding, String name) throws IOException {
    Path unpacked = folder.resolve(name + "-unpacked");
    try (ModelFolder source = ModelFolder.open(model)) {
      Path file = alone(export(GgufFormatWriter.source(source, rounding), rounding, name));
      GgufUnpacking.unpack(file, unpacked, Optional.empty());
      try (ModelFolder read = ModelFolder.open(unpacked);
          TransformerModel actual = read.load(Precision.FP32);
          TransformerModel expected =
              TransformerModel.load(
                  source.architecture(),
                  source.checkpoint(),
                  rounded(source, rounding),
                  Precision.FP32,
                  Execution.SIMULATED,
                  1)) {
        assertThat(logits(actual)).isEqualTo(logits(expected));
      }
    }
    sameText(model, unpacked);
  }

  private ExportReport export(ExportSource source, FloatRounding rounding, String name) {
    return new CheckpointExport(
            source, GgufFormatWriter.rounding(rounding).plan(source), ExportOptions.DEFAULT)
        .write(folder.resolve(name));
  }

  /** A copy of the exported file without what lies beside it. */
  private Path alone(ExportReport report) throws IOException {
    Path copies = Files.createDirectories(folder.resolve(report.folder().getFileName() + "-file"));
    return Files.copy(
        report.folder().resolve(report.weightFiles().getFirst()), copies.resolve("model.gguf"));
  }

  /** The float model with every matrix rounded to its type and back. */
  private static QuantizedCheckpoint rounded(ModelFolder source, FloatRounding rounding) {
    SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
    for (String name : source.checkpoint().names()) {
      StoredTensor tensor = source.checkpoint().get(name);
      if (tensor.shape().size() == 2 && !name.equals("lm_head.weight")) {
        int rows = Math.toIntExact(tensor.shape().getFirst());
        int columns = Math.toIntExact(tensor.shape().getLast());
        GgufType type = FloatRounding.fitting(rounding.typeOf(name), columns);
        float[] row = new float[columns];
        float[] weights = new float[rows * columns];
        byte[] blocks = new byte[type.rowBytes(columns)];
        for (int n = 0; n < rows; n++) {
          FloatRows.of(tensor).read(n, row);
          type.encodeRow(row, blocks);
          type.decodeRow(blocks, row);
          System.arraycopy(row, 0, weights, n * columns, columns);
        }
        linears.put(
            name.substring(0, name.length() - ".weight".length()),
            new FloatLinear(rows, columns, weights));
      }
    }
    return new QuantizedCheckpoint(linears, SmallModel.provenance());
  }

  private static float[] logits(TransformerModel model) {
    try (TensorScope _ = TensorScope.open()) {
      return model.logits(IDS).toFloats();
    }
  }

  private static void sameText(Path model, Path unpacked) throws IOException {
    ChatTokenizer expected = ChatTokenizers.load(model);
    ChatTokenizer actual = ChatTokenizers.load(unpacked);
    assertThat(actual.stopIds()).isEqualTo(expected.stopIds());
    assertThat(actual.template().isPresent()).isEqualTo(expected.template().isPresent());
    assertThat(actual.tokenizer().vocabularySize())
        .isEqualTo(expected.tokenizer().vocabularySize());
    for (String text : texts(model)) {
      for (boolean special : new boolean[] {true, false}) {
        int[] ids = expected.tokenizer().encode(text, special);
        assertThat(actual.tokenizer().encode(text, special)).as(text).isEqualTo(ids);
        List<Integer> list = Arrays.stream(ids).boxed().toList();
        assertThat(actual.tokenizer().decode(list, special))
            .as(text)
            .isEqualTo(expected.tokenizer().decode(list, special));
      }
    }
  }

  private static List<String> texts(Path model) throws IOException {
    List<String> texts =
        new ArrayList<>(
            List.of(
                "Once upon a time, there was a little girl.",
                "two  spaces\nand a line",
                "a [unused9] b<s>c",
                ""));
    Path cases = model.resolve("tokenizer_cases.json");
    if (Files.isRegularFile(cases)) {
      for (JsonNode node :
          JsonMapper.shared().readTree(Files.readString(cases)).findValues("text")) {
        texts.add(node.asString());
      }
    }
    return texts;
  }

  @Test
  void gridsAreCarriedBitForBit() throws IOException {
    Path model = Nano.open().modelFolder();
    Path quantized = folder.resolve("quantized");
    try (ModelFolder source = ModelFolder.open(model)) {
      SequencedMap<String, StoredLinear> linears =
          SmallModel.linears(source.architecture(), SmallModel.symmetric(4, 32));
      linears.put("model.layers.0.mlp.up_proj", grid(source, 8, true));
      linears.put("model.layers.1.mlp.up_proj", grid(source, 5, true));
      linears.put("model.layers.2.mlp.up_proj", grid(source, 4, false));
      QuantizedCheckpointFolder.write(
          new QuantizedCheckpoint(linears, SmallModel.provenance()),
          source.checkpoint(),
          model,
          quantized);
    }
    try (ModelFolder opened = FormatCatalog.open(quantized)) {
      ExportSource source = ExportSource.of(opened);
      Path exported =
          new CheckpointExport(source, new GgufFormatWriter().plan(source), ExportOptions.DEFAULT)
              .write(folder.resolve("exported"))
              .folder();
      assertThat(exported.resolve("LICENSE.txt")).exists();
      try (ModelFolder read = FormatCatalog.open(exported);
          TransformerModel actual = read.load(Precision.FP32);
          TransformerModel expected = opened.load(Precision.FP32)) {
        assertThat(read.quantized().orElseThrow().linears())
            .isEqualTo(opened.quantized().orElseThrow().linears());
        assertThat(logits(actual)).isEqualTo(logits(expected));
      }
    }
  }

  private static GridLinear grid(ModelFolder source, int bits, boolean symmetric) {
    return SmallModel.grid(
        source.architecture().intermediateSize(),
        source.architecture().hiddenSize(),
        bits,
        32,
        symmetric,
        Optional.empty(),
        bits);
  }
}
