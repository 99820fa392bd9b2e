package org.bitatlas.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Expected values are those of Python's re and str. */
class AnswerRuleTest {

  private final AnswerRule number = new AnswerRule.FirstMatch("#### (-?\\d+)");
  private final AnswerRule whole = new AnswerRule.WholeText();
  private final AnswerRule word = new AnswerRule.FirstWord();

  @Test
  void firstMatchTakesTheFirstGroupOfTheFirstMatch() {
    assertThat(number.extract("x\n#### -12\n#### 7")).contains("-12");
    assertThat(number.extract("#### 12.5")).contains("12");
    assertThat(number.extract("####12")).isEmpty();
    assertThat(number.extract("#### \u0663")).as("Unicode digits").contains("\u0663");
    assertThat(number.extract("")).isEmpty();
    assertThat(new AnswerRule.FirstMatch("[AB]").extract("xB")).contains("B");
  }

  @Test
  void firstMatchExtractsTheExpectedAnswerToo() {
    assertThat(number.expected("4*4=16; 16+10=26\n#### 26")).contains("26");
    assertThat(number.expected("no number")).isEmpty();
  }

  @Test
  void onlyLineFeedEndsALine() {
    assertThat(new AnswerRule.FirstMatch("a.b").extract("a\rb")).contains("a\rb");
    assertThat(new AnswerRule.FirstMatch("a.b").extract("a\u2028b")).contains("a\u2028b");
    assertThat(new AnswerRule.FirstMatch("a.b").extract("a\nb")).isEmpty();
  }

  @Test
  void wholeTextStripsUnicodeWhitespace() {
    assertThat(whole.extract(" \u00a0\u3000yes\u0085\n")).contains("yes");
    assertThat(whole.extract("A B")).contains("A B");
    assertThat(whole.extract(" \t")).isEmpty();
  }

  @Test
  void firstWordStopsAtPunctuation() {
    assertThat(word.extract("\n  kitchen. Then")).contains("kitchen");
    assertThat(word.extract("\u00a0don't")).contains("don");
    assertThat(word.extract("snake_case\u00b2!")).contains("snake_case\u00b2");
    assertThat(word.extract("\u4f60\u597d\uff0c")).contains("\u4f60\u597d");
    assertThat(word.extract("e\u0301t")).as("a combining mark is no word character").contains("e");
    assertThat(word.extract("\"kitchen\"")).isEmpty();
    assertThat(word.extract("")).isEmpty();
  }
}
