package org.bitatlas.format.gguf;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The files of a model that llama.cpp's {@code gguf-split} wrote: {@code NAME-00001-of-00003.gguf}
 * and so on, of which the first has the metadata. A file of another name is the only one of its
 * model.
 *
 * @param files all parts, first to last, whether they are there or not
 */
record GgufParts(List<Path> files) {

  /** This part, counted from 0, in every file of several. */
  static final String NUMBER = "split.no";

  /** How many parts there are, in every file of several. */
  static final String COUNT = "split.count";

  /** Tensors of all parts together. */
  static final String TENSORS = "split.tensors.count";

  private static final Pattern NAME = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf");

  /** The parts that a file is one of. */
  static GgufParts of(Path file) {
    Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
    if (!name.matches() || Integer.parseInt(name.group(3)) == 0) {
      return new GgufParts(List.of(file));
    }
    return new GgufParts(
        IntStream.rangeClosed(1, Integer.parseInt(name.group(3)))
            .mapToObj(part ->
                file.resolveSibling(
                    "%s-%05d-of-%s.gguf".formatted(name.group(1), part, name.group(3))))
            .toList());
  }

  /** The models among files: the first part of each, in the order of the files. */
  static List<Path> models(Collection<Path> files) {
    return files.stream().map(file -> of(file).first()).distinct().toList();
  }

  /** The part with the metadata. */
  Path first() {
    return files.getFirst();
  }
}
