package org.bitatlas.quant.calibration;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.SamplingDefaults;
import org.bitatlas.tokenizer.ThinkingProtocol;
import org.bitatlas.tokenizer.Tokenizer;

/** One token per character; begin of sequence is 1. */
final class CharacterTokenizer implements Tokenizer {

  static final int BEGIN = 1;

  /** This tokenizer as that of a base model. */
  static ChatTokenizer ofBaseModel() {
    return new ChatTokenizer(
        new CharacterTokenizer(),
        Optional.empty(),
        ThinkingProtocol.none(),
        Set.of(),
        SamplingDefaults.GREEDY);
  }

  /** The characters of a sequence. */
  static String text(int[] ids) {
    return IntStream.of(ids).mapToObj(Character::toString).collect(Collectors.joining());
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    IntStream begin = addSpecialTokens ? IntStream.of(BEGIN) : IntStream.empty();
    return IntStream.concat(begin, text.chars()).toArray();
  }

  @Override
  public String decode(List<Integer> ids, boolean skipSpecialTokens) {
    throw new AssertionError("not used");
  }

  @Override
  public int vocabularySize() {
    return 128;
  }

  @Override
  public OptionalInt idOf(String token) {
    return OptionalInt.empty();
  }

  @Override
  public String tokenOf(int id) {
    return Character.toString(id);
  }

  @Override
  public OptionalInt beginOfSequenceId() {
    return OptionalInt.of(BEGIN);
  }

  @Override
  public String digest() {
    return "characters";
  }
}
