package org.bitatlas.quant.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.nano.Nano;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelBenchmarkTest {

  @Test
  void everyKernelGetsARate(@TempDir Path folder) throws Exception {
    Nano nano = Nano.open(folder.resolve("cache"));
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    KernelRates rates =
        KernelBenchmark.measure(
            ArchitectureReader.read(nano.model(Nano.SMALL).orElseThrow().resolve("config.json")),
            256,
            1,
            scratch);

    assertThat(rates.threads()).isEqualTo(1);
    assertThat(rates.share()).isBetween(0.01, 1.0);
    for (Kernel kernel : Kernel.values()) {
      assertThat(rates.of(kernel)).as(kernel.label()).isPositive().isFinite();
    }
    assertThat(rates.seconds(new Work(Stage.GRAM, Kernel.GRAM, 2 * rates.of(Kernel.GRAM))))
        .isEqualTo(2);
    try (Stream<Path> left = Files.list(scratch)) {
      assertThat(left).isEmpty();
    }
    assertThatThrownBy(() -> new KernelRates(1, 1, Map.of())).hasMessageContaining("no rate of");
  }
}
