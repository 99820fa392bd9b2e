package org.bitatlas.eval.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.bitatlas.eval.Oracles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Verdicts of Math-Verify on pairs of an expected answer and a reply, and what it gets wrong. */
class MathAnswerTest {

  private static boolean equal(String gold, String reply) {
    return MathAnswer.of("$" + gold + "$").isGivenBy(MathAnswer.of(reply));
  }

  private record Pair(boolean theirs, boolean ours, String line) {

    static Pair of(String line) {
      JsonNode pair = JsonMapper.shared().readTree(line);
      return new Pair(
          pair.get("equal").booleanValue(),
          equal(pair.get("gold").stringValue(), pair.get("reply").stringValue()),
          line);
    }
  }

  @Test
  void agreesWithMathVerify() throws IOException {
    int pairs = 0;
    int different = 0;
    for (Path file : Oracles.files("math", "", ".jsonl")) {
      List<Pair> judged = Files.readAllLines(file).stream().map(Pair::of).toList();
      List<Pair> differing = judged.stream().filter(pair -> pair.ours() != pair.theirs()).toList();
      differing.forEach(pair -> System.out.println("Math-Verify differs: " + pair.line()));
      assertThat(differing.size()).as("%s", file).isLessThanOrEqualTo(judged.size() / 100);
      pairs += judged.size();
      different += differing.size();
    }
    assertThat(pairs).isGreaterThanOrEqualTo(500);
    assertThat(different).isLessThanOrEqualTo(pairs / 200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0.\\overline{3} | 1/3",
        "0.1\\overline{6} | \\frac{1}{6}",
        "\\frac{-1\\pm\\sqrt{5}}{2} | \\frac{\\sqrt5-1}{2}, \\frac{-\\sqrt5-1}{2}",
        "x>3 | 3<x",
        "2x=6 | x=3",
        "7\\frac{3}{4}\\% | 0.0775",
        "\\tan x | \\sin x/\\cos x",
      })
  void seesWhatIsEqual(String gold, String reply) {
    assertThat(equal(gold, "$" + reply + "$")).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x^2 | x^3",
        "\\sqrt{x^2} | x",
        "2^{100} | 2^{100}+1",
        "[1,2] | (1,2)",
        "x<3 | x>3",
        "2x>6 | -2x>-6",
        // Rules of Math-Verify: i is a name, inequalities are not solved, a chain is not turned.
        "(1+i)^2 | 2i",
        "e^{i\\pi} | -1",
        "2-8i | 2-8 i",
        "2x>6 | x>3",
        "1<x\\le 2 | 2\\ge x>1",
        "\\frac{1}{3} | 0.3334",
        "\\text{yes} | \\text{no}",
      })
  void seesWhatIsNotEqual(String gold, String reply) {
    assertThat(equal(gold, "$" + reply + "$")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   ", "$", "$$", "\\boxed", "$\\frac{1}{$", "no answer"})
  void nothingIsFoundWhereNothingIs(String reply) {
    assertThat(equal("5", reply)).isFalse();
    assertThat(MathAnswer.of(reply).value()).isEmpty();
  }

  @Test
  void emptyAnswersAreNotEqual() {
    assertThat(MathAnswer.of("").isGivenBy(MathAnswer.of(""))).isFalse();
  }

  @Test
  void randomLatexNeverThrows() {
    String[] pieces = {
      "\\frac",
      "{",
      "}",
      "(",
      ")",
      "[",
      "]",
      "1",
      "23",
      ".",
      ",",
      "x",
      "e",
      "i",
      "+",
      "-",
      "*",
      "/",
      "^",
      "_",
      "=",
      "<",
      "\\pm",
      "\\sqrt",
      "\\sin",
      "\\log",
      "\\text{a}",
      "\\{",
      "\\}",
      "|",
      "!",
      "\\%",
      "\\cup",
      "\\infty",
      "\\pi",
      " ",
      "\\begin{pmatrix}",
      "\\end{pmatrix}",
      "&",
      "\\\\",
      "\\overline",
      "^\\circ",
      "\\le",
      "\\boxed{",
      "$",
      "answer",
      ":"
    };
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(1, 14); i > 0; i--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      assertThatCode(
              () -> {
                MathAnswer answer = MathAnswer.of("$" + text + "$");
                boolean _ = answer.isGivenBy(answer);
              })
          .as(text.toString())
          .doesNotThrowAnyException();
    }
  }

  @Test
  void deepAndLongTextsEnd() {
    String deep = "(".repeat(50_000) + "1" + ")".repeat(50_000);
    assertThat(equal("1", "$" + deep + "$")).isFalse();
    String tower = "$" + "9^{".repeat(40) + "9" + "}".repeat(40) + "$";
    assertThat(equal("1", tower)).isFalse();
    String words = "The answer may be 3, or $4$, the answer is near. ".repeat(1_000);
    assertThat(equal("5", words + "\\boxed{5}")).isTrue();
  }
}
