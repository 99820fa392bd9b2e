package org.bitatlas.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextCleaningTest {

  @Test
  void undoesTheTokenizationOfWikiText() {
    String raw =
        " \n = Robert <unk> = \n \n A guest @-@ starring role , 1 @,@ 000 ( or 2 @.@ 5 ) ; Teddy 's"
            + " Story ! <unk> [ x ] \n \n\n \n B\n";
    assertThat(TextCleaning.WIKITEXT.apply(raw))
        .isEqualTo("= Robert = \n A guest-starring role, 1,000 (or 2.5); Teddy's Story! [x] \n B");
  }

  @Test
  void joinsBlankLinesWithUnicodeSpaces() {
    assertThat(TextCleaning.WIKITEXT.apply("a\n\u3000\u00a0\nb\nc")).isEqualTo("a\nb\nc");
  }

  @Test
  void noneLeavesTheText() {
    assertThat(TextCleaning.NONE.apply(" a , b\n\n")).isEqualTo(" a , b\n\n");
  }
}
