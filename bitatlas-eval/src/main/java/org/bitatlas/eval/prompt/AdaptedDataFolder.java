package org.bitatlas.eval.prompt;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/** Files of others, read by an {@link Adapter}. */
public final class AdaptedDataFolder implements DataFolder {

  private final Path root;
  private final Adapter adapter;
  private final DataFiles files;

  private AdaptedDataFolder(Path root, Adapter adapter) {
    this.root = root;
    this.adapter = adapter;
    this.files = new DataFiles(root);
  }

  /** The folder read by the first adapter of the task whose file is there. */
  public static Optional<AdaptedDataFolder> find(Path root, DataSource data) {
    String subject = data.subjects().getFirst().configuration();
    return data.adapters().stream()
        .filter(one -> Files.isRegularFile(root.resolve(one.file(subject, data.splits().asked()))))
        .findFirst()
        .map(one -> new AdaptedDataFolder(root, one));
  }

  /** The adapter. */
  public Adapter adapter() {
    return adapter;
  }

  @Override
  public List<Document> read(String configuration, String split) {
    Path file = root.resolve(adapter.file(configuration, split));
    if (!Files.isRegularFile(file)) {
      throw new BitAtlasException("The adapter " + adapter.name() + " finds no file " + file + ".");
    }
    return files.read(file).stream().map(adapter::apply).toList();
  }

  @Override
  public String digest() {
    return files.digest();
  }

  @Override
  public List<String> notes() {
    return List.of("adapter: " + adapter.name());
  }
}
