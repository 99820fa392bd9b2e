package org.bitatlas.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.bitatlas.eval.sandbox.Verdict.Outcome;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.json.JsonMapper;

/** Programs against inputs in the layout of EvalPlus; the records are written for this test. */
class EvalPlusChecksTest {

  private static String record(String id, String name, String solution, String base, String plus) {
    return """
    {"task_id": "%s", "prompt": "", "entry_point": "%s", "canonical_solution": "%s",
     "base_input": %s, "plus_input": %s, "atol": 0, "contract": "", "assertion": ""}
    """
        .formatted(id, name, solution, base, plus);
  }

  private static Outcome run(String source, String record) throws InterruptedException {
    assumeTrue(
        Availability.here() instanceof Availability.Ready,
        () -> "no sandbox here: " + Availability.here());
    JsonMapper json =
        JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
    PythonSandbox sandbox = ((Availability.Ready) Availability.here()).sandbox();
    String checks = EvalPlusChecks.of(json.readTree(record));
    return sandbox.run(new Program(source, checks), Limits.DEFAULT).outcome();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "def half(x): return x / 2 | PASS",
        "def half(x): return x * 0.5 + 1e-9 | PASS",
        "def half(x): return x // 2 | ASSERT",
        "def half(x): return [x / 2] | ASSERT",
        "def half(x): return 0.0 | ASSERT",
        "def half(x): raise ValueError(x) | EXCEPTION",
      })
  void floatsAreComparedWithTolerance(String source, Outcome outcome) throws InterruptedException {
    String record =
        record(
            "Mbpp/9001",
            "half",
            "def half(x):\\n    return x / 2\\n",
            "[[4.0], [3.0]]",
            "[[-Infinity], [0.25], [1e300]]");
    assertThat(run(source, record)).isEqualTo(outcome);
  }

  @Test
  void argumentsHaveTheirOwnTypes() throws InterruptedException {
    String record =
        record(
            "Mbpp/2",
            "similar_elements",
            "def similar_elements(a, b):\\n    return tuple(set(a) & set(b))\\n",
            "[[[3, 4, 5], [5, 4, 7]]]",
            "{}");
    String typed =
        "def similar_elements(a, b):\n    assert type(a) is tuple\n    return [5, 4, 4] ";
    assertThat(run(typed, record)).isEqualTo(Outcome.PASS);
    assertThat(run("def similar_elements(a, b): return (4,)", record)).isEqualTo(Outcome.ASSERT);
  }

  @Test
  void argumentsThatAreChangedDoNotReachTheReference() throws InterruptedException {
    String record =
        record(
            "Mbpp/9002", "total", "def total(x):\\n    return sum(x)\\n", "[[[1, 2]]]", "[[[]]]");
    assertThat(run("def total(x):\n    s = sum(x)\n    x.clear()\n    return s", record))
        .isEqualTo(Outcome.PASS);
  }

  @Test
  void rootOfPolynomialIsCheckedByItsValue() throws InterruptedException {
    String record =
        record("HumanEval/32", "find_zero", "def find_zero(xs): return 0.0\\n", "[[[-1, 1]]]", "[]")
            .replace("\"atol\": 0", "\"atol\": 0.0001");
    assertThat(run("def find_zero(xs): return 1.00001", record)).isEqualTo(Outcome.PASS);
    assertThat(run("def find_zero(xs): return 1.01", record)).isEqualTo(Outcome.ASSERT);
  }

  @Test
  void incompleteRecordsAreRefused() {
    assertThatThrownBy(
            () -> EvalPlusChecks.of(JsonMapper.shared().readTree("{\"task_id\": \"x\"}")))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("prompt");
  }
}
