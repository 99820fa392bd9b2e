package org.bitatlas.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FolderTreeTest {

  @TempDir private Path folder;

  @Test
  void everythingInsideGoesAndWhatALinkNamesStays() throws IOException {
    Path kept = Files.writeString(folder.resolve("kept"), "kept");
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("file"), "kept");
    Path tree = Files.createDirectories(folder.resolve("tree"));
    Files.createDirectories(tree.resolve("a/b/c"));
    Files.writeString(tree.resolve("a/b/file"), "gone");
    Files.createSymbolicLink(tree.resolve("link"), kept);
    Files.createSymbolicLink(tree.resolve("a/folder"), outside);

    FolderTree.delete(tree);

    assertThat(tree).doesNotExist();
    assertThat(kept).hasContent("kept");
    assertThat(outside.resolve("file")).hasContent("kept");
  }

  @Test
  void nothingHappensWhereThereIsNone() throws IOException {
    FolderTree.delete(folder.resolve("none"));

    assertThat(folder).isEmptyDirectory();
  }
}
