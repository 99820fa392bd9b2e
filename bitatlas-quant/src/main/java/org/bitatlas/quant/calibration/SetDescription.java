package org.bitatlas.quant.calibration;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.tokenizer.Tokenizer;

/** What is recorded of a calibration set, in reading order. */
final class SetDescription {

  private final SequencedMap<String, String> facts = new LinkedHashMap<>();

  private SetDescription(SourceFile source) {
    facts.put("source", source.name());
    source.digest().ifPresent(digest -> facts.put("source_digest", digest));
  }

  /** Of sequences given as they are. */
  static SetDescription given(String source, int sequences, int length) {
    return new SetDescription(SourceFile.named(source)).size(sequences, length);
  }

  /** Of sequences chosen from a source. */
  static SetDescription of(SourceFile source, Selection selection) {
    return new SetDescription(source)
        .size(selection.sequences(), selection.length())
        .fact("seed", Long.toString(selection.seed()));
  }

  private SetDescription size(int sequences, int length) {
    return fact("sequences", Integer.toString(sequences)).fact("length", Integer.toString(length));
  }

  /** Adds a fact. */
  SetDescription fact(String name, String value) {
    facts.put(name, value);
    return this;
  }

  /** Whether the tokenizer puts a begin-of-sequence token before a text. */
  SetDescription begin(Tokenizer tokenizer) {
    return fact("begin_of_sequence", tokenizer.beginOfSequenceId().isPresent() ? "added" : "none");
  }

  /** The described set. */
  CalibrationSet of(List<int[]> sequences) {
    String digest = TokenDigest.of(sequences);
    facts.put("digest", digest);
    return new CalibrationSet(List.copyOf(sequences), digest, facts);
  }
}
