package org.bitatlas.eval.instruction;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.bitatlas.eval.metric.Whitespace;
import org.bitatlas.tensor.BitAtlasException;

/** The 25 instructions of IFEval by their names in google/IFEval. */
public final class Instructions {

  private static final Map<String, Function<Arguments, Instruction>> BY_NAME =
      Map.ofEntries(
          Map.entry("keywords:existence", KeywordInstructions::existence),
          Map.entry("keywords:frequency", KeywordInstructions::frequency),
          Map.entry("keywords:forbidden_words", KeywordInstructions::forbidden),
          Map.entry("keywords:letter_frequency", KeywordInstructions::letterFrequency),
          Map.entry("language:response_language", CaseInstructions::language),
          Map.entry("length_constraints:number_sentences", LengthInstructions::sentences),
          Map.entry("length_constraints:number_paragraphs", LengthInstructions::paragraphs),
          Map.entry("length_constraints:number_words", LengthInstructions::words),
          Map.entry("length_constraints:nth_paragraph_first_word", LengthInstructions::firstWord),
          Map.entry("detectable_content:number_placeholders", ContentInstructions::placeholders),
          Map.entry("detectable_content:postscript", ContentInstructions::postscript),
          Map.entry("detectable_format:number_bullet_lists", FormatInstructions::bullets),
          Map.entry("detectable_format:constrained_response", _ -> FormatInstructions.answer()),
          Map.entry(
              "detectable_format:number_highlighted_sections", FormatInstructions::highlights),
          Map.entry("detectable_format:multiple_sections", FormatInstructions::sections),
          Map.entry("detectable_format:json_format", _ -> FormatInstructions.json()),
          Map.entry("detectable_format:title", _ -> FormatInstructions.title()),
          Map.entry("combination:two_responses", _ -> ContentInstructions.twoResponses()),
          Map.entry("combination:repeat_prompt", ContentInstructions::repeatedPrompt),
          Map.entry("startend:end_checker", ContentInstructions::end),
          Map.entry("startend:quotation", _ -> ContentInstructions.quotation()),
          Map.entry("change_case:capital_word_frequency", CaseInstructions::capitalWords),
          Map.entry("change_case:english_capital", _ -> CaseInstructions.englishCapital()),
          Map.entry("change_case:english_lowercase", _ -> CaseInstructions.englishLowercase()),
          Map.entry("punctuation:no_comma", _ -> ContentInstructions.noComma()));

  private Instructions() {}

  /** Their names. */
  public static Set<String> names() {
    return new TreeSet<>(BY_NAME.keySet());
  }

  /**
   * An instruction with its arguments.
   *
   * @param name its name in google/IFEval
   * @param arguments texts, integers and lists of texts by name
   * @throws BitAtlasException when there is no such instruction, or it lacks an argument
   */
  public static Instruction of(String name, Map<String, Object> arguments) {
    Function<Arguments, Instruction> maker = BY_NAME.get(name);
    if (maker == null) {
      throw new BitAtlasException(
          "There is no instruction " + name + "; known are " + names() + ".");
    }
    return maker.apply(new Arguments(name, arguments));
  }

  /** Whether each instruction is followed by the reply as it stands. */
  public static List<Boolean> strict(List<Instruction> instructions, String reply) {
    return followed(instructions, List.of(reply));
  }

  /**
   * Whether each instruction is followed by the reply or by what is left of it without its first
   * line, its last line, both, and stars: an upper bound.
   */
  public static List<Boolean> loose(List<Instruction> instructions, String reply) {
    return followed(instructions, LooseReplies.of(reply));
  }

  private static List<Boolean> followed(List<Instruction> instructions, List<String> replies) {
    return instructions.stream()
        .map(instruction -> replies.stream().anyMatch(text -> isFollowed(instruction, text)))
        .toList();
  }

  private static boolean isFollowed(Instruction instruction, String reply) {
    return !Whitespace.strip(reply).isEmpty() && instruction.isFollowed(reply);
  }
}
