package org.bitatlas.quant.transform.flatquant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.method.FlatForm;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FactorSizesTest {

  private static Architecture nano(Path folder, int intermediateSize) throws IOException {
    String config = Files.readString(Nano.open().modelFolder().resolve("config.json"));
    Path changed = folder.resolve("config.json");
    Files.writeString(
        changed,
        config.replace("\"intermediate_size\": 768", "\"intermediate_size\": " + intermediateSize));
    return ArchitectureReader.read(changed);
  }

  private static FactorSizes sizes(Architecture architecture, FlatForm form) {
    return FactorSizes.of(architecture, 3, Quantization.of(4, FlatQuantSearchTest.FOUR_BITS, form));
  }

  @Test
  void theInputOfOHasItsHeadsOrTwoFactorsInTheOrderOfTheReference(@TempDir Path folder)
      throws IOException {
    Architecture architecture = nano(folder, 768);
    assertThat(sizes(architecture, FlatForm.REFERENCE).sizes().toString())
        .isEqualTo(
            "{ln_trans.left=16, ln_trans.right=16, o_trans=4, kcache_trans=64, vcache_trans=64,"
                + " up_gate_trans.left=16, up_gate_trans.right=16, down_trans.left=24,"
                + " down_trans.right=32}");
    assertThat(sizes(architecture, FlatForm.ASCEND).sizes())
        .containsEntry("o_trans.left", 16)
        .containsEntry("o_trans.right", 16)
        .doesNotContainKey("o_trans");
  }

  @Test
  void aWidthWithoutFactorsIsRefusedByName(@TempDir Path folder) throws IOException {
    Architecture architecture = nano(folder, 4098);
    assertThatThrownBy(() -> sizes(architecture, FlatForm.REFERENCE))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("model.layers.3.mlp.down_proj")
        .hasMessageContaining("4098");
  }
}
