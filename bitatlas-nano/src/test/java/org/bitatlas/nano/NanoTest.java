package org.bitatlas.nano;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NanoTest {

  private static final Path SOURCES = Path.of("src/main/resources/org/bitatlas/nano");

  @TempDir Path cache;

  @Test
  void indexListsEveryResourceWithItsSizeAndDigest() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      String expected =
          files
              .filter(Files::isRegularFile)
              .map(file -> SOURCES.relativize(file).toString().replace('\\', '/'))
              .filter(path -> !path.equals("index.txt"))
              .sorted()
              .map(NanoTest::line)
              .collect(Collectors.joining());
      assertThat(Files.readString(SOURCES.resolve("index.txt")))
          .as("index.txt must be this text after a change of the resources:%n%s", expected)
          .isEqualTo(expected);
    }
  }

  private static String line(String path) {
    try {
      byte[] content = Files.readAllBytes(SOURCES.resolve(path));
      return Nano.sha256(content) + " " + content.length + " " + path + "\n";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void enlargedSuitesAreTheSmallOnesAndMoreDistinctRecords() throws IOException {
    Nano nano = Nano.open(cache);
    for (String suite :
        List.of("gsm", "chain", "facts", "cloze", "bool", "humaneval", "mbpp").stream()
            .map(name -> name + "_nano.jsonl")
            .toList()) {
      List<String> small = Files.readAllLines(nano.suitesFolder().resolve(suite));
      List<String> large = Files.readAllLines(nano.suites(Path.of(Nano.LARGE)).resolve(suite));

      assertThat(large).hasSize(2000).startsWith(small.toArray(String[]::new));
      assertThat(large.stream().map(NanoTest::question)).doesNotHaveDuplicates();
    }
  }

  /** A record without its number, its answer and its tests. */
  private static String question(String line) {
    return line.replaceFirst("\"(id|task_id)\": [^,]*, ", "")
        .replaceFirst(", \"(answer|canonical_solution|code|label)\": .*", "");
  }

  @Test
  void embeddedModelsAndSuitesHaveNames() {
    Nano nano = Nano.open(cache);
    assertThat(nano.model("nano")).contains(nano.modelFolder());
    assertThat(nano.model("nano-small").orElseThrow()).isDirectory();
    assertThat(nano.model("nano-medium")).isEmpty();
    assertThat(nano.suites(Path.of("nano"))).isEqualTo(nano.suitesFolder());
    assertThat(nano.suites(Path.of("mine"))).isEqualTo(Path.of("mine"));
    assertThat(Nano.isModel("nano-large")).isFalse();
    assertThat(Nano.areSuites("nano-large")).isTrue();
  }

  @Test
  void opensTwiceWithoutRewriting() throws IOException {
    Path model = Nano.open(cache).modelFolder().resolve("model.safetensors");
    Object before = Files.getLastModifiedTime(model);
    Object key = Files.getAttribute(model, "unix:ino");
    Nano again = Nano.open(cache);
    assertThat(Files.getLastModifiedTime(model)).isEqualTo(before);
    assertThat(Files.getAttribute(model, "unix:ino")).isEqualTo(key);
    assertThat(again.suitesDescriptor()).isRegularFile();
    assertThat(again.calibrationFile()).isRegularFile();
    assertThat(again.wikiTextFile()).hasSize(100094);
  }

  @Test
  void repairsDamagedAndMissingFiles() throws IOException {
    Nano nano = Nano.open(cache);
    Path config = nano.modelFolder().resolve("config.json");
    byte[] original = Files.readAllBytes(config);
    byte[] damaged = original.clone();
    damaged[10] ^= 1;
    Files.write(config, damaged);
    Files.delete(nano.calibrationFile());
    Nano.open(cache);
    assertThat(config).hasBinaryContent(original);
    assertThat(nano.calibrationFile()).isRegularFile();
  }

  @Test
  void manyOpeningsAtOnceLeaveOneCompleteFolder() throws Exception {
    Callable<Path> open = () -> Nano.open(cache).modelFolder();
    try (var executor = Executors.newFixedThreadPool(4)) {
      for (var result : executor.invokeAll(List.of(open, open, open, open))) {
        assertThat(result.get()).isDirectory();
      }
    }
    try (Stream<Path> files = Files.walk(cache)) {
      assertThat(files.filter(file -> file.toString().endsWith(".tmp"))).isEmpty();
    }
  }

  @Test
  void opensFromAJar() throws Exception {
    Path jar = cache.resolve("nano.jar");
    Path classes = Path.of("target/classes");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(classes.relativize(file).toString().replace('\\', '/')));
        Files.copy(file, out);
      }
    }
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
      Class<?> type = loader.loadClass("org.bitatlas.nano.Nano");
      Object nano = type.getMethod("open", Path.class).invoke(null, cache.resolve("from-jar"));
      Path model = (Path) type.getMethod("modelFolder").invoke(nano);
      assertThat(model.resolve("model.safetensors")).hasSize(10_510_160);
    }
  }

  @Test
  void saysWhichFolderCannotBeWritten() throws IOException {
    Path file = Files.writeString(cache.resolve("a file"), "x", StandardCharsets.UTF_8);
    assertThatThrownBy(() -> Nano.open(file))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("a file")
        .hasMessageContaining("writable");
  }
}
