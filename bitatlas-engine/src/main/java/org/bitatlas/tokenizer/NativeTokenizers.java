package org.bitatlas.tokenizer;

/**
 * Settings of the native tokenizer libraries, made before either is loaded.
 *
 * <p>Both libraries lie in their jars and are unpacked into DJL's cache ({@code DJL_CACHE_DIR},
 * else {@code ~/.djl.ai}) on first use. DJL would look for a GPU build of the Hugging Face library
 * and download it; {@code RUST_FLAVOR=cpu} and {@code ai.djl.offline=true} keep it to the jar, and
 * {@code OPT_OUT_TRACKING} keeps it from reporting its use. A value the user has set is kept.
 */
final class NativeTokenizers {

  private NativeTokenizers() {}

  static void prepare() {
    setIfAbsent("ai.djl.offline", "true");
    setIfAbsent("RUST_FLAVOR", "cpu");
    setIfAbsent("OPT_OUT_TRACKING", "true");
  }

  private static void setIfAbsent(String key, String value) {
    if (System.getProperty(key) == null && System.getenv(key) == null) {
      System.setProperty(key, value);
    }
  }
}
