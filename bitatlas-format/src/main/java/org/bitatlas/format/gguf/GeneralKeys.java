package org.bitatlas.format.gguf;

/** Metadata keys that say what a file is. */
final class GeneralKeys {

  static final String ARCHITECTURE = "general.architecture";
  static final String NAME = "general.name";
  static final String FILE_TYPE = "general.file_type";

  /** Version of the block layouts: 2, since scales are in half precision. */
  static final String BLOCK_VERSION = "general.quantization_version";

  /** How BitAtlas made the weights. */
  static final String RECIPE = "bitatlas.recipe";

  private GeneralKeys() {}
}
