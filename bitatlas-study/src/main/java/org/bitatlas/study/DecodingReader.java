package org.bitatlas.study;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads the key {@code decoding} of a specification. */
final class DecodingReader {
  private static final String KEY = "decoding";
  private static final String EXPECTED =
      "greedy, or a mapping with method: sampled or method: beam";

  private DecodingReader() {}

  static List<Decoding> read(YamlFields root) {
    if (!root.has(KEY)) {
      return List.of(new Decoding.Greedy());
    }
    List<Decoding> decodings =
        root.entries(
            KEY,
            EXPECTED,
            name -> {
              if (!name.equals("greedy")) {
                throw root.wrong(KEY, "names '" + name + "'", EXPECTED);
              }
              return List.of(new Decoding.Greedy());
            },
            fields -> List.of(decoding(fields)));
    Set<String> labels = new HashSet<>();
    for (Decoding decoding : decodings) {
      if (!labels.add(decoding.label())) {
        throw root.wrong(
            KEY,
            "has two of the name '"
                + (decoding.label().isEmpty() ? "greedy" : decoding.label())
                + "'",
            "each decoding once, different in method, temperature, number of seeds or width");
      }
    }
    return decodings;
  }

  private static Decoding decoding(YamlFields fields) {
    return switch (fields.text("method")) {
      case "greedy" -> {
        fields.only(Set.of("method"));
        yield new Decoding.Greedy();
      }
      case "sampled" -> {
        fields.only(Set.of("method", "temperature", "top_p", "top_k", "seeds"));
        List<Integer> seeds =
            fields.has("seeds") ? fields.integers("seeds", 0, Integer.MAX_VALUE) : List.of(1, 2, 3);
        if (new HashSet<>(seeds).size() < seeds.size()) {
          throw fields.wrong("seeds", "names a seed twice", "each seed once");
        }
        yield new Decoding.Sampled(
            fields.number("temperature", 0.6, 0.01, 10),
            fields.number("top_p", 0.95, 0.01, 1),
            fields.integer("top_k", 0, 0, 1_000_000),
            seeds);
      }
      case "beam" -> {
        fields.only(Set.of("method", "width", "length_penalty"));
        yield new Decoding.Beam(
            fields.integer("width", 4, 1, 64), fields.number("length_penalty", 1, 0, 10));
      }
      default -> throw fields.wrong("method", "is unknown", "greedy, sampled or beam");
    };
  }
}
