package org.bitatlas.eval.instruction;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What cutting English text needs to know of words. Abbreviations that nltk does not know (e.g.,
 * i.e., etc.) are left out on purpose: it ends a sentence there.
 */
final class EnglishWords {

  private static final Set<String> ABBREVIATIONS =
      set(
          """
          mr mrs ms dr prof st jr sr messrs gen col maj lt adm sen rep reps
          jan feb aug sep sept oct nov dec tues wed fri
          inc corp co cos ltd bros cie
          ave ft yr mg vs ct va pa ga ky wash calif conn ariz fla ill mich minn okla ore tenn wis
          ph.d u.s u.k u.n u.s.a a.m p.m d.c l.a n.y n.j n.c s.c n.h n.d m.b.a
          c d e f g h k l m n p r s t v w
          """);

  private static final Set<String> STARTERS =
      set(
          """
          the this these there they he it i in if so some since when while but both many most however
          although though yet thus instead indeed even despite according among under meanwhile moreover
          """);

  private static final Set<String> SMALL =
      set(
          """
          a an the this that these those he she it we you they i his her its our your their my
          is are was were be been has have had do does did can could will would may might must should
          in on at by for from of off to with without about after again all also although always and any as
          back because before behind between both but down each either enough even every few first for further
          get give go good great heat here how however if indeed instead into is just keep last less let like
          long look make many more most much never new next no none nor not nothing now often old once one only
          or other over own part people perhaps place put right same say second see set several since so some
          still such take than then there third though through thus time together too turn two under until up
          use very visit wait want way well what when where whether which while who whole whom whose why work
          write yes yet none
          """);

  private EnglishWords() {}

  private static Set<String> set(String words) {
    return Stream.of(words.strip().split("\\s+")).collect(Collectors.toUnmodifiableSet());
  }

  /** Whether {@code word}, in small letters and without its last full stop, is an abbreviation. */
  static boolean isAbbreviation(String word) {
    return ABBREVIATIONS.contains(word);
  }

  /** Whether a capital at this word says that a sentence begins, also after an abbreviation. */
  static boolean beginsSentences(String word) {
    return STARTERS.contains(word);
  }

  /** Whether this word is written small inside sentences. */
  static boolean isOftenSmall(String word) {
    return SMALL.contains(word);
  }
}
