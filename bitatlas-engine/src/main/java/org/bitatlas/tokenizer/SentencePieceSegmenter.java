package org.bitatlas.tokenizer;

import ai.djl.engine.EngineException;
import ai.djl.sentencepiece.SpTokenizer;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Arrays;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The native SentencePiece segmentation of one model. Only encoding is native: the binding's
 * decoding loses characters outside the basic plane and aborts the process on an id out of range.
 * Thread-safe; the native memory is freed when the object is no longer reachable.
 */
final class SentencePieceSegmenter {

  private static final Cleaner CLEANER = Cleaner.create();

  /** normalizer_spec {add_dummy_prefix: false}; a repeated sub-message is merged into the first. */
  private static final byte[] NO_DUMMY_PREFIX = {0x1A, 0x02, 0x18, 0x00};

  private final SpTokenizer tokenizer;

  /**
   * Loads a model that {@link SentencePieceModel#read} has accepted.
   *
   * @param name the file, for error messages
   * @param dummyPrefix false to segment without the space that the model puts before the text
   */
  SentencePieceSegmenter(String name, byte[] model, boolean dummyPrefix) {
    byte[] bytes =
        dummyPrefix ? model : Arrays.copyOf(model, model.length + NO_DUMMY_PREFIX.length);
    if (!dummyPrefix) {
      System.arraycopy(NO_DUMMY_PREFIX, 0, bytes, model.length, NO_DUMMY_PREFIX.length);
    }
    NativeTokenizers.prepare();
    try {
      SpTokenizer loaded = new SpTokenizer(bytes);
      CLEANER.register(this, loaded::close);
      tokenizer = loaded;
    } catch (EngineException e) {
      throw new BitAtlasException(
          name + " is not a usable SentencePiece model: " + e.getMessage() + ".", e);
    }
  }

  /** Ids of the pieces of {@code text}. */
  int[] encode(String text) {
    try {
      return tokenizer.getProcessor().encode(text);
    } finally {
      Reference.reachabilityFence(this);
    }
  }
}
