package org.bitatlas.tokenizer;

import java.nio.file.Path;
import org.bitatlas.tensor.BitAtlasException;

/** Loads everything text about a model folder. */
public final class ChatTokenizers {

  private ChatTokenizers() {}

  /**
   * Loads tokenizer, chat template, thinking protocol and stop ids of a model folder.
   *
   * <p>{@code tokenizer.json} is preferred where the folder has one, then {@code tokenizer.model}
   * (SentencePiece or tiktoken, told apart by content). The first load unpacks a native library
   * into DJL's cache; nothing is downloaded.
   *
   * @param folder a Hugging Face model folder
   * @throws BitAtlasException when a file is missing or malformed; the message names it
   */
  public static ChatTokenizer load(Path folder) {
    throw new BitAtlasException("Loading the tokenizer of " + folder + " is not available yet.");
  }
}
