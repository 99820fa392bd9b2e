package org.bitatlas.study;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.bitatlas.nano.Nano;
import org.bitatlas.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineModelTest {

  @TempDir Path folder;

  @Test
  void theDeviceIsPartOfTheKeyAndOfTheExecution() {
    Device elsewhere = new Device(Device.Kind.CPU, 1);
    try (Workbench.Model host = open(Device.CPU);
        Workbench.Model other = open(elsewhere);
        Workbench.Variant variant = other.floatVariant()) {
      assertThat(host.identity()).doesNotContainKey("device");
      assertThat(other.identity()).containsEntry("device", "cpu:1");
      assertThat(RecordKey.of(other.identity())).isNotEqualTo(RecordKey.of(host.identity()));
      assertThat(variant.execution()).endsWith(", on cpu:1 (not run on hardware)");
    }
  }

  @Test
  void anotherTemplateOrAnotherDataIsAnotherKey() throws IOException {
    Path model = copy(Nano.open().modelFolder(), folder.resolve("model"));
    Path suites = copy(Nano.open().suitesFolder(), folder.resolve("suites"));
    Files.copy(Nano.open().suitesDescriptor(), suites.resolve("suites.yaml"), REPLACE_EXISTING);
    Map<String, String> first = inputs(model, suites);
    assertThat(inputs(model, suites)).isEqualTo(first);

    Path data = suites.resolve("gsm_nano.jsonl");
    Files.writeString(data, Files.readString(data).replaceFirst("fills", "packs"));
    Map<String, String> otherData = inputs(model, suites);
    assertThat(RecordKey.of(otherData)).isNotEqualTo(RecordKey.of(first));
    assertThat(otherData.get("template")).isEqualTo(first.get("template"));

    Path settings = model.resolve("tokenizer_config.json");
    Files.writeString(settings, Files.readString(settings).replaceFirst("系统：", "系统: "));
    Map<String, String> otherTemplate = inputs(model, suites);
    assertThat(RecordKey.of(otherTemplate)).isNotEqualTo(RecordKey.of(otherData));
    assertThat(otherTemplate.get("weights")).isEqualTo(first.get("weights"));
  }

  /** Inputs of the key of the float model's first cell. */
  private Map<String, String> inputs(Path model, Path suites) {
    StudySpec spec = StudySpec.defaultSpec();
    StudyOptions options =
        new StudyOptions(
            folder,
            Optional.of(suites),
            Optional.of(model.toString()),
            1,
            OptionalInt.empty(),
            Optional.empty(),
            false,
            Device.CPU);
    StudySpec chosen = spec.with(options);
    try (Workbench.Model opened = new EngineWorkbench(chosen, options).open(model.toString())) {
      return Grid.plan("model", opened, chosen).rows().getFirst().cells().getFirst().inputs();
    }
  }

  private static Path copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()), REPLACE_EXISTING);
      }
    }
    return to;
  }

  private Workbench.Model open(Device device) {
    StudyOptions options =
        new StudyOptions(
            folder,
            Optional.empty(),
            Optional.empty(),
            1,
            OptionalInt.empty(),
            Optional.empty(),
            false,
            device);
    return new EngineWorkbench(StudySpec.defaultSpec(), options).open("nano");
  }
}
