package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The small files of a model that its quantized checkpoint carries along. */
final class CarriedFiles {

  private static final Set<String> NAMES =
      Set.of(
          "config.json",
          "generation_config.json",
          "tokenizer.model",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "chat_template.jinja",
          "vocab.json",
          "merges.txt");

  private CarriedFiles() {}

  /** Copies configuration, tokenizer files and licences. */
  static void copy(Path from, Path to) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(from)) {
      files = entries.filter(CarriedFiles::isCarried).sorted().toList();
    }
    for (Path file : files) {
      Files.copy(
          file, to.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static boolean isCarried(Path file) {
    String name = file.getFileName().toString();
    boolean legal = name.startsWith("LICENSE") || name.startsWith("NOTICE");
    return Files.isRegularFile(file) && (legal || NAMES.contains(name));
  }
}
