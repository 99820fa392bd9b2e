package org.bitatlas.scheme;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The small files of a model that its quantized checkpoint carries along: configuration, tokenizer,
 * chat template, the model's own Python code, licences and notices.
 */
public final class CarriedFiles {

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

  private static final List<String> LEGAL =
      List.of("license", "licence", "notice", "copying", "copyright");

  private CarriedFiles() {}

  /** Copies configuration, tokenizer files, code and licences. */
  static void copy(Path from, Path to) throws IOException {
    for (Path file : of(from)) {
      Files.copy(
          file, to.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** The files of a folder that are carried along, by name. */
  public static List<Path> of(Path folder) throws IOException {
    return list(folder, file -> isLegal(file) || isOfTheModel(file));
  }

  /** The licence and notice files of a folder, by name. */
  public static List<Path> legal(Path folder) throws IOException {
    return list(folder, CarriedFiles::isLegal);
  }

  private static List<Path> list(Path folder, Predicate<Path> wanted) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isRegularFile).filter(wanted).sorted().toList();
    }
  }

  private static boolean isOfTheModel(Path file) {
    String name = file.getFileName().toString();
    return NAMES.contains(name) || name.endsWith(".py");
  }

  private static boolean isLegal(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return LEGAL.stream().anyMatch(name::contains);
  }
}
