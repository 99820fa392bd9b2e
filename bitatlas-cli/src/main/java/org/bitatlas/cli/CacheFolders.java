package org.bitatlas.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Where BitAtlas and its libraries keep files between runs. */
final class CacheFolders {

  /** Where the embedded model is unpacked. */
  static Path bitatlas() {
    return userCache().resolve("bitatlas");
  }

  /** Where checkpoints from the hub lie, by the rules of {@code huggingface_hub}. */
  static Path hub() {
    return variable("HF_HUB_CACHE")
        .or(() -> variable("HF_HOME").map(home -> home.resolve("hub")))
        .orElseGet(() -> userCache().resolve("huggingface").resolve("hub"));
  }

  /** Where JavaCPP unpacks libtorch on first use. */
  static Path nativeLibraries() {
    return Optional.ofNullable(System.getProperty("org.bytedeco.javacpp.cachedir"))
        .map(Path::of)
        .orElseGet(() -> home().resolve(".javacpp").resolve("cache"));
  }

  private static Path userCache() {
    return variable("XDG_CACHE_HOME").orElseGet(() -> home().resolve(".cache"));
  }

  private static Path home() {
    return Path.of(System.getProperty("user.home"));
  }

  private static Optional<Path> variable(String name) {
    Map<String, String> environment = System.getenv();
    return Optional.ofNullable(environment.get(name))
        .filter(value -> !value.isBlank())
        .map(Path::of);
  }

  private CacheFolders() {}
}
