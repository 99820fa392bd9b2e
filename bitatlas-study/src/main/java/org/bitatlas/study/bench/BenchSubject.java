package org.bitatlas.study.bench;

import java.nio.file.Path;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.NamedShapes;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What is measured: the weights of a folder, or a shape with random weights.
 *
 * @param name what the user calls it
 * @param architecture its shape
 * @param floats weights of the float schemes, and embedding, norms and head of the others
 * @param stored a folder that is itself quantized: measured as it is, beside the schemes
 * @param weights where the weights come from, in words
 */
public record BenchSubject(
    String name,
    Architecture architecture,
    Checkpoint floats,
    Optional<ModelFolder> stored,
    String weights)
    implements AutoCloseable {

  /**
   * A published model's shape with random weights, for example {@code openpangu-7b:4-layers}.
   *
   * @throws BitAtlasException when there is no such shape
   */
  public static BenchSubject shape(String name) {
    return shape(name, NamedShapes.named(name));
  }

  /** Any shape with random weights. */
  public static BenchSubject shape(String name, Architecture architecture) {
    return new BenchSubject(
        name,
        architecture,
        new RandomWeights(architecture),
        Optional.empty(),
        "random weights, random codes");
  }

  /**
   * A folder's model. Codes of the schemes are random, since time does not depend on them.
   *
   * @throws BitAtlasException when the folder holds no supported and complete model
   */
  public static BenchSubject folder(String name, Path folder) {
    ModelFolder opened = FormatCatalog.open(folder);
    if (opened.quantized().isPresent()) {
      return new BenchSubject(
          name,
          opened.architecture(),
          new RandomWeights(opened.architecture()),
          Optional.of(opened),
          "the folder's own codes in scheme 'stored', random weights and codes in the others");
    }
    return new BenchSubject(
        name,
        opened.architecture(),
        opened.checkpoint(),
        Optional.empty(),
        "the folder's weights in float schemes, random codes in the others");
  }

  @Override
  public void close() {
    floats.close();
    stored.ifPresent(ModelFolder::close);
  }
}
