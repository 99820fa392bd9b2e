package org.bitatlas.generate;

import java.util.Arrays;
import java.util.Optional;

/**
 * Which prompts of a tile begin like an earlier one. Of the earlier prompts with about the longest
 * common beginning (less than a page shorter) the first is the source, so that prompts with one
 * header mostly have one source.
 */
final class SharedPrefixes {

  /** Shorter beginnings are computed again: as many tokens as a page of keys and values has. */
  static final int SHORTEST = 32;

  private final int[] sources;
  private final int[] lengths;
  private final int[] lastUses;

  /** The beginnings of prompts that are read in this order. */
  SharedPrefixes(int[][] prompts) {
    int count = prompts.length;
    sources = new int[count];
    lengths = new int[count];
    lastUses = new int[count];
    Arrays.fill(sources, -1);
    for (int i = 0; i < count; i++) {
      int[] common = new int[i];
      int longest = 0;
      for (int j = 0; j < i; j++) {
        common[j] = common(prompts[i], prompts[j]);
        longest = Math.max(longest, common[j]);
      }
      for (int j = 0; j < i && longest >= SHORTEST && sources[i] < 0; j++) {
        if (common[j] >= SHORTEST && common[j] > longest - SHORTEST) {
          sources[i] = j;
          lengths[i] = common[j];
          lastUses[j] = i;
        }
      }
    }
  }

  /** Tokens that both begin with; the last token of the first is never one of them. */
  private static int common(int[] prompt, int[] earlier) {
    int most = Math.min(prompt.length - 1, earlier.length);
    int different = Arrays.mismatch(prompt, 0, most, earlier, 0, most);
    return different < 0 ? most : different;
  }

  /** The earlier prompt that a prompt begins like. */
  Optional<Integer> source(int prompt) {
    return sources[prompt] < 0 ? Optional.empty() : Optional.of(sources[prompt]);
  }

  /** Tokens that a prompt has in common with its source. */
  int length(int prompt) {
    return lengths[prompt];
  }

  /** The last prompt that begins like this one, 0 where none does. */
  int lastUse(int prompt) {
    return lastUses[prompt];
  }

  /** Most tokens of this prompt that later ones begin with, 0 where none does. */
  int shared(int prompt) {
    int most = 0;
    for (int later = prompt + 1; later <= lastUses[prompt]; later++) {
      if (sources[later] == prompt) {
        most = Math.max(most, lengths[later]);
      }
    }
    return most;
  }
}
