package org.bitatlas.quant.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * A random window in each of randomly drawn documents, as the C4 loaders of GPTQ and its
 * descendants do it: {@code randint(0, N - 1)} until the document has more tokens than a sequence,
 * then {@code randint(0, T - L - 1)}, both of one Python generator. A document of exactly the
 * length is passed over (BiLLM, SliM-LLM; the others stop with an error there).
 *
 * <p>A document may be drawn again. Where the distinct documents drawn have fewer tokens together
 * than the sequences, the source is refused as too short.
 */
final class RandomDocuments {

  private RandomDocuments() {}

  static CalibrationSet draw(JsonLines documents, Tokenizer tokenizer, Selection selection) {
    PythonRandom random = new PythonRandom(selection.seed());
    SourceFile source = documents.source();
    BitSet tooShort = new BitSet();
    BitSet used = new BitSet();
    long tokens = 0;
    List<int[]> sequences = new ArrayList<>();
    while (sequences.size() < selection.sequences()) {
      if (tooShort.cardinality() == documents.size()) {
        throw new BitAtlasException(
            "None of the %d documents of the calibration source %s has more than %d tokens; ask for shorter sequences."
                .formatted(documents.size(), source.name(), selection.length()));
      }
      int document = random.randint(0, documents.size() - 1);
      if (tooShort.get(document)) {
        continue;
      }
      int[] ids = tokenizer.encode(documents.text(document), true);
      if (ids.length <= selection.length()) {
        tooShort.set(document);
        continue;
      }
      if (!used.get(document)) {
        used.set(document);
        tokens += ids.length;
      }
      int from = random.randint(0, ids.length - selection.length() - 1);
      sequences.add(Arrays.copyOfRange(ids, from, from + selection.length()));
    }
    if (tokens < selection.tokens()) {
      throw selection.tooShort(source.name(), tokens, selection.tokens());
    }
    return SetDescription.of(source, selection)
        .fact("order", "C4: random documents, a random window in each, Python's generator")
        .fact("documents", Integer.toString(used.cardinality()))
        .begin(tokenizer)
        .of(sequences);
  }
}
