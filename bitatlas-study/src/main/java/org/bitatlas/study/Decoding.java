package org.bitatlas.study;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.bitatlas.generate.Sampling;

/** How replies are decoded: a dimension of a study, beside recipes and tasks. */
public sealed interface Decoding {

  /** Name in labels of columns; empty for greedy decoding. */
  String label();

  /** Everything that decides a reply, as one line; part of the key of a record. */
  String describe();

  /** The sampling of each run of a task. */
  List<Sampling> runs();

  /** The most probable token at each step. */
  record Greedy() implements Decoding {
    @Override
    public String label() {
      return "";
    }

    @Override
    public String describe() {
      return "greedy";
    }

    @Override
    public List<Sampling> runs() {
      return List.of(new Sampling.Greedy());
    }
  }

  /**
   * Random tokens, with several seeds; an item's replies are averaged.
   *
   * @param temperature divides the logits, above 0
   * @param topP probability mass that is kept, above 0; 1 keeps all
   * @param topK most probable tokens that are kept; 0 keeps all
   * @param seeds one run for each
   */
  record Sampled(double temperature, double topP, int topK, List<Integer> seeds)
      implements Decoding {
    @Override
    public String label() {
      return "T " + number(temperature) + " x" + seeds.size();
    }

    @Override
    public String describe() {
      return "temperature "
          + number(temperature)
          + ", top-p "
          + number(topP)
          + (topK > 0 ? ", top-k " + topK : "")
          + ", seeds "
          + seeds.stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    /** Seeds of runs lie far apart, because each item adds its index to that of its run. */
    @Override
    public List<Sampling> runs() {
      return seeds.stream()
          .map(seed ->
              (Sampling)
                  new Sampling.Random(
                      temperature, topK, topP, new SplittableRandom(seed).nextLong()))
          .toList();
    }
  }

  /**
   * Beam search.
   *
   * @param width beams, at least 1
   * @param lengthPenalty power of the length that a log-probability is divided by
   */
  record Beam(int width, double lengthPenalty) implements Decoding {
    @Override
    public String label() {
      return "beam " + width;
    }

    @Override
    public String describe() {
      return "beam search, width " + width + ", length penalty " + number(lengthPenalty);
    }

    @Override
    public List<Sampling> runs() {
      return List.of(new Sampling.Beam(width, lengthPenalty));
    }
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : Double.toString(value);
  }
}
