package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordKeyTest {
  @Test
  void isTheDigestOfCanonicalJson() {
    Map<String, String> inputs = new LinkedHashMap<>();
    inputs.put("weights", "w\"1");
    inputs.put("bits", "4");
    assertThat(RecordKey.of(inputs))
        .isEqualTo(RecordKey.sha256("{\"bits\":\"4\",\"weights\":\"w\\\"1\"}"));
  }

  @Test
  void changesWithAnyInput() {
    assertThat(RecordKey.of(Map.of("a", "1"))).isNotEqualTo(RecordKey.of(Map.of("a", "2")));
    assertThat(RecordKey.of(Map.of("a", "1"))).isNotEqualTo(RecordKey.of(Map.of("b", "1")));
  }
}
