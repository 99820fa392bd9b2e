package org.bitatlas.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bitatlas.format.awq.AwqWriter;
import org.bitatlas.format.compressed.CompressedTensorsWriter;
import org.bitatlas.format.gptq.GptqVersion;
import org.bitatlas.format.gptq.GptqWriter;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.nano.Nano;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.ElementType;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What compressed-tensors, GPTQModel, AutoAWQ and transformers make of folders that are written
 * here. Needs {@code -Dbitatlas.peer.formats=PYTHON}, see script/peer/formats.sh; prints the table
 * of docs/formats.md.
 */
@Tag("peer")
class WrittenFormatsPeerTest extends PeerFormatsTest {

  /**
   * A checkpoint that is written here.
   *
   * @param unpackers commands of the peer that unpack it; none where GPTQModel refuses it
   * @param tolerance largest difference of logits in transformers, relative to the largest logit; 0
   *     where transformers refuses the folder, empty where loading it is shown by another case
   */
  private record Written(
      FormatWriter writer,
      String label,
      PeerLayers layers,
      Optional<ActivationQuantizer> input,
      List<String> unpackers,
      Optional<Double> tolerance) {}

  private static List<Written> written() {
    List<Written> cases = new ArrayList<>();
    for (GptqVersion version : GptqVersion.values()) {
      for (int bits : new int[] {2, 3, 4, 8}) {
        for (boolean actOrder : new boolean[] {false, true}) {
          // fp16 products of 8-bit codes are rounded there.
          Optional<Double> tolerance =
              actOrder ? Optional.of(bits == 8 ? 2e-3 : 1e-5) : Optional.empty();
          boolean symmetric = version == GptqVersion.V1;
          cases.add(
              gptq(version, PeerLayers.of(bits, PeerLayers.GROUP, symmetric, actOrder), tolerance));
        }
      }
      cases.add(gptq(version, PeerLayers.of(4, 0, true, false), Optional.of(1e-5)));
      cases.add(
          gptq(
              version,
              PeerLayers.partly("down_proj", module -> module.endsWith("down_proj")),
              Optional.of(1e-5)));
      cases.add(
          gptq(
              version,
              PeerLayers.partly("one down_proj", "model.layers.1.mlp.down_proj"::equals),
              Optional.of(0.0)));
      // Transformers reads no overrides by layer and stops at the first of another size.
      for (PeerLayers layers :
          List.of(PeerLayers.mixed(4, 8), PeerLayers.fused(), PeerLayers.apart())) {
        cases.add(gptq(version, layers, Optional.of(0.0)));
      }
    }
    // GPTQModel opens asymmetric weights of version 1 only where it wrote them; transformers does.
    cases.add(
        new Written(
            new GptqWriter(),
            GptqVersion.V1.label(),
            PeerLayers.of(4, PeerLayers.GROUP, false, true),
            Optional.empty(),
            List.of(),
            Optional.of(1e-5)));
    for (int groupSize : new int[] {PeerLayers.GROUP, 0}) {
      for (boolean symmetric : new boolean[] {true, false}) {
        cases.add(
            new Written(
                new AwqWriter(),
                "awq",
                PeerLayers.of(4, groupSize, symmetric, false),
                Optional.empty(),
                List.of("unpack_autoawq", "unpack_gptqmodel"),
                Optional.of(2e-3)));
      }
    }
    for (int bits : new int[] {2, 3, 4, 8}) {
      for (boolean symmetric : new boolean[] {true, false}) {
        cases.add(
            compressed(
                PeerLayers.of(bits, PeerLayers.GROUP, symmetric, false), Optional.empty(), 2e-3));
      }
    }
    cases.add(compressed(PeerLayers.of(8, 0, true, false), Optional.empty(), 2e-3));
    cases.add(compressed(PeerLayers.mixed(4, 8), Optional.empty(), 2e-3));
    Optional<ActivationQuantizer> token = Optional.of(ActivationQuantizer.perToken(8, true));
    cases.add(compressed(PeerLayers.of(8, 0, true, false), token, 5e-2));
    cases.add(compressed(PeerLayers.of(4, PeerLayers.GROUP, true, false), token, 5e-2));
    Optional<ActivationQuantizer> fixed =
        Optional.of(ActivationQuantizer.perTensor(8, false, -2.5f, 3.5f));
    cases.add(compressed(PeerLayers.of(8, 0, true, false), fixed, 5e-2));
    return cases;
  }

  private static Written gptq(GptqVersion version, PeerLayers layers, Optional<Double> tolerance) {
    return new Written(
        new GptqWriter(version, false),
        version.label(),
        layers,
        Optional.empty(),
        List.of("unpack_gptqmodel"),
        tolerance);
  }

  private static Written compressed(
      PeerLayers layers, Optional<ActivationQuantizer> input, double tolerance) {
    return new Written(
        new CompressedTensorsWriter(),
        "compressed-tensors",
        layers,
        input,
        List.of("unpack_compressed_tensors"),
        Optional.of(tolerance));
  }

  @TestFactory
  List<DynamicTest> othersLoadWhatIsWritten() {
    List<DynamicTest> tests = new ArrayList<>();
    List<Written> cases = written();
    for (int i = 0; i < cases.size(); i++) {
      Written one = cases.get(i);
      Path place = folder().resolve("ours-" + i);
      tests.add(
          DynamicTest.dynamicTest(
              one.label() + " " + one.layers().name() + inWords(one.input()),
              () -> loads(one, place)));
    }
    return tests;
  }

  private static String inWords(Optional<ActivationQuantizer> input) {
    return input
        .map(quantizer ->
            quantizer.dynamic() ? ", inputs 8 bits per token" : ", inputs 8 bits, fixed range")
        .orElse("");
  }

  private void loads(Written one, Path place) throws IOException {
    Path quantized =
        SmallModel.writeQuantized(
            place.resolve("quantized"),
            ElementType.F16,
            one.layers().grids(),
            activations(one.input()));
    Path partly = place.resolve("partly");
    SmallModel.keepFloat(quantized, partly, one.layers().floats());
    Path exported = place.resolve("exported");
    RoundTrip.export(partly, one.writer(), exported);
    opened(one, exported);
  }

  /** What the libraries make of an exported folder, as a row of the table. */
  private void opened(Written one, Path exported) throws IOException {
    List<String> cells = new ArrayList<>();
    for (String unpacker : one.unpackers()) {
      cells.add(libraries().compared(unpacker, exported, exported));
    }
    if (one.unpackers().isEmpty()) {
      cells.add(libraries().refusal("unpack_gptqmodel", exported));
    }
    if (one.tolerance().isPresent()) {
      cells.add(libraries().logits(exported, one.tolerance().get()));
    }
    if (one.writer() instanceof CompressedTensorsWriter && one.tolerance().isPresent()) {
      assertThat(
              PeerLibraries.findings(exported, "transformers")
                  .anyMatch(finding -> finding.rule().equals("packed-zero-points")))
          .isEqualTo(cells.getLast().startsWith("refused"));
    }
    if (one.writer() instanceof GptqWriter) {
      // check foresees who opens the folder.
      assertThat(PeerLibraries.loads(exported, "gptqmodel")).isEqualTo(!one.unpackers().isEmpty());
      if (one.tolerance().isPresent()) {
        boolean refused = cells.getLast().startsWith("refused");
        assertThat(refused).as(cells.getLast()).isEqualTo(one.tolerance().get() == 0.0);
        assertThat(PeerLibraries.loads(exported, "transformers")).isEqualTo(!refused);
      }
    }
    System.out.printf(
        "| %s | %s%s | %s |%n",
        one.label(), one.layers().name(), inWords(one.input()), String.join(" | ", cells));
  }

  /** The embedded model under the name by which libraries know its architecture. */
  @TestFactory
  List<DynamicTest> othersLoadTheEmbeddedModel() throws IOException {
    Path model = folder().resolve("embedded");
    Files.createDirectories(model);
    try (Stream<Path> files = Files.list(Nano.open().modelFolder())) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName().toString()));
      }
    }
    ObjectNode configuration = JsonFile.read(model.resolve("config.json"));
    configuration.putArray("architectures").add("LlamaForCausalLM");
    configuration.put("model_type", "llama").put("attention_bias", true);
    Files.write(model.resolve("config.json"), JsonFile.content(configuration));
    List<Written> cases =
        List.of(
            embedded(new CompressedTensorsWriter(), model, false, 0),
            embedded(new CompressedTensorsWriter(), model, true, 1e-4),
            embedded(new GptqWriter(), model, true, 2e-3),
            embedded(new AwqWriter(), model, false, 1e-2));
    List<DynamicTest> tests = new ArrayList<>();
    for (int i = 0; i < cases.size(); i++) {
      Written one = cases.get(i);
      Path exported = folder().resolve("embedded-" + i);
      tests.add(
          DynamicTest.dynamicTest(
              one.label() + " " + one.layers().name(),
              () -> {
                export(one, model, exported);
                opened(one, exported);
              }));
    }
    return tests;
  }

  private static Written embedded(
      FormatWriter writer, Path model, boolean symmetric, double tolerance) {
    List<String> unpackers =
        switch (writer.format()) {
          case AWQ -> List.of("unpack_autoawq", "unpack_gptqmodel");
          case GPTQ -> List.of("unpack_gptqmodel");
          default -> List.of("unpack_compressed_tensors");
        };
    return new Written(
        writer,
        writer.format().label(),
        PeerLayers.rounded(model, symmetric),
        Optional.empty(),
        unpackers,
        Optional.of(tolerance));
  }

  private static void export(Written one, Path model, Path exported) {
    try (ModelFolder opened = ModelFolder.open(model)) {
      QuantizedCheckpoint quantized =
          new QuantizedCheckpoint(
              SmallModel.linears(opened.architecture(), one.layers().grids()),
              new LinkedHashMap<>(),
              new LinkedHashMap<>(),
              new LinkedHashMap<>(),
              SmallModel.provenance());
      ExportSource source =
          ExportSource.of(
              new ModelFolder(
                  model, opened.architecture(), opened.checkpoint(), Optional.of(quantized)));
      new CheckpointExport(source, one.writer().plan(source), ExportOptions.DEFAULT)
          .write(exported);
    }
  }

  private static SequencedMap<String, LinearActivations> activations(
      Optional<ActivationQuantizer> input) {
    SequencedMap<String, LinearActivations> activations = new LinkedHashMap<>();
    for (int layer = 0; layer < 2 && input.isPresent(); layer++) {
      for (Projection projection : Projection.values()) {
        activations.put(projection.module(layer), LinearActivations.rounding(input.get()));
      }
    }
    return activations;
  }
}
