package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
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
    return new EngineWorkbench(StudySpec.defaultSpec(), options).open(EngineWorkbench.EMBEDDED);
  }
}
