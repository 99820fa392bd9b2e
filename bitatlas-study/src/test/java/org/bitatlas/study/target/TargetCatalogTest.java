package org.bitatlas.study.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.format.support.ServingStack;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetCatalogTest {
  private static final String WHOLE =
      """
      format: 1
      name: mine
      title: A machine
      family: cpu-avx512
      memory: {value: 8e9, basis: measured, source: a shelf}
      bandwidth: {value: 5e10, basis: measured, source: bitatlas bench}
      """;

  /** Every number has a source, and every stack runs on the family at a version that is known. */
  @Test
  void theTargetsAreComplete() {
    for (String name : TargetCatalog.NAMES) {
      HardwareTarget target = TargetCatalog.find(name);
      assertThat(target.name()).isEqualTo(name);
      assertThat(target.peaks())
          .isNotEmpty()
          .allSatisfy((_, peak) -> assertThat(peak.source()).isNotBlank());
      assertThat(target.stacks()).isNotEmpty();
      for (HardwareTarget.Stack stack : target.stacks()) {
        ServingStack found = CapabilityTable.bundled().stack(stack.name());
        assertThat(found.devices()).contains(target.family());
      }
    }
  }

  @Test
  void aTargetIsFoundInAFileOfItsOwn(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("mine.yaml"), WHOLE);
    HardwareTarget target = TargetCatalog.find(file.toString());

    assertThat(target.memory().value()).isEqualTo(8e9);
    assertThat(target.peak(Arithmetic.INT8)).isEmpty();
  }

  @Test
  void recordsNameAPlatformInTheirOwnWords() {
    HardwareTarget target = TargetCatalog.find("ascend-910b");
    assertThat(target.isPlatform("Ascend 910B3 (64 GB)")).isTrue();
    assertThat(target.isPlatform("AMD EPYC 9R14")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: mine | nome: mine | is not readable",
        "value: 8e9 | value: -1 | give a positive number",
        "basis: measured, source: a shelf | basis: guessed, source: a shelf | expected one of"
            + " vendor",
        "family: cpu-avx512 | family: toaster | There is no device family",
        "title: A machine | numerics: float | does not say title",
        "format: 1 | format: 3 | not of format 1",
        "family: cpu-avx512 | {family: cpu-avx512 | is not readable",
      })
  void aWrongFileIsNamedInOneSentence(String from, String to, String expected) {
    assertThatThrownBy(() -> TargetCatalog.read("mine.yaml", WHOLE.replace(from, to)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("mine.yaml")
        .hasMessageContaining(expected);
  }

  @Test
  void anUnknownNameAndAnUnknownVersionNameWhatIsKnown() {
    assertThatThrownBy(() -> TargetCatalog.find("tpu"))
        .hasMessageContaining("known are ascend-910b, ascend-310p");
    assertThatThrownBy(() ->
            TargetCatalog.read(
                "mine.yaml", WHOLE + "stacks: [{name: vllm-ascend, version: '0.1'}]\n"))
        .hasMessageStartingWith("The target mine.yaml: The capability table knows");
  }
}
