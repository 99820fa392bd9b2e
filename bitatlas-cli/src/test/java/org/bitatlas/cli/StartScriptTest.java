package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs copies of the start scripts in folders of their own. The {@code mvnw} there is a stand-in
 * that records its calls and delivers a small program; where a file {@code slow} lies beside it, it
 * takes a second. The JDK in the usual folder is a stand-in, too: it runs {@code Build.java} from
 * classes that were compiled once, except in the test that asks a shim.
 */
@DisabledOnOs(OS.WINDOWS)
class StartScriptTest {

  private static final Path PROJECT = Path.of(System.getProperty("bitatlas.root", ".."));

  /**
   * A program that says what it was given and ends with status 7; told to stay, it waits for a file
   * {@code go} and then looks whether its build's jar is still there.
   */
  private static final String PROGRAM =
      """
      package org.bitatlas.cli;
      class BitAtlas {
        public static void main(String[] arguments) throws Exception {
          if (arguments.length > 0 && arguments[0].equals("stay")) {
            java.nio.file.Files.createFile(java.nio.file.Path.of("staying"));
            while (!java.nio.file.Files.exists(java.nio.file.Path.of("go"))) {
              Thread.sleep(20);
            }
            var jar = java.nio.file.Path.of(System.getProperty("java.class.path"));
            System.out.println(
                java.nio.file.Files.exists(jar.resolveSibling("modules/bitatlas-cli.jar"))
                    ? "jar is there"
                    : "jar is gone");
          }
          System.out.println("arguments " + java.util.List.of(arguments));
          System.out.println("encoding " + System.getProperty("file.encoding"));
          System.out.println("omp " + System.getenv("OMP_NUM_THREADS"));
          System.out.println("openblas " + System.getenv("OPENBLAS_NUM_THREADS"));
          System.out.println("working folder " + System.getProperty("user.dir"));
          System.exit(7);
        }
      }
      """;

  @TempDir private static Path compiled;

  @TempDir private Path folder;

  private Path root;
  private Path jdks;
  private Path emptyFolder;

  /** Compiles what all tests run: {@code Build.java} and the program that a build delivers. */
  @BeforeAll
  static void compile() throws IOException {
    Path program = compiled.resolve("org/bitatlas/cli/BitAtlas.java");
    Files.createDirectories(program.getParent());
    Files.writeString(program, PROGRAM);
    String build = PROJECT.resolve("script/Build.java").toString();
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .run(null, null, null, "-d", compiled.toString(), program.toString(), build))
        .isZero();
    try (OutputStream out = Files.newOutputStream(compiled.resolve("program.jar"));
        JarOutputStream entries = new JarOutputStream(out)) {
      entries.putNextEntry(new JarEntry("org/bitatlas/cli/BitAtlas.class"));
      Files.copy(program.resolveSibling("BitAtlas.class"), entries);
      entries.closeEntry();
    }
  }

  @BeforeEach
  void checkout() throws IOException {
    root = folder.resolve("a check out");
    Files.createDirectories(root.resolve("script"));
    copy("bitatlas");
    for (String script : List.of("jdk.sh", "Build.java", "Maven.java", "jvm.options")) {
      copy("script/" + script);
    }
    Files.createDirectories(root.resolve("bitatlas-cli/src/main/java"));
    Files.writeString(root.resolve("bitatlas-cli/src/main/java/Source.java"), "first");
    Files.writeString(root.resolve("bitatlas-cli/pom.xml"), "<project/>");
    Files.writeString(root.resolve("pom.xml"), "<project/>");
    script(
        root.resolve("mvnw"),
        """
        echo "$*" >> calls
        [ ! -e slow ] || sleep 1
        [ ! -e fail ] || { echo 'BUILD FAILURE'; exit 1; }
        mkdir -p bitatlas-cli/target
        cp '%s' bitatlas-cli/target/bitatlas-cli.jar
        : > bitatlas-cli/target/classpath.txt
        echo 'output of Maven'
        """
            .formatted(compiled.resolve("program.jar")));

    jdks = Files.createDirectories(folder.resolve("usual folder"));
    Path home = Path.of(System.getProperty("java.home"));
    Path bin = Files.createDirectories(jdks.resolve("jdk-25/bin"));
    script(
        bin.resolve("java"),
        """
        case $1 in
          */script/Build.java) shift; exec '%s' -XX:TieredStopAtLevel=1 -cp '%s' Build "$@" ;;
        esac
        exec '%1$s' "$@"
        """
            .formatted(home.resolve("bin/java"), compiled));
    script(bin.resolve("javac"), "exec '" + home.resolve("bin/javac") + "' \"$@\"");
    Files.writeString(bin.resolveSibling("release"), "JAVA_VERSION=\"25.0.1\"\n");
    emptyFolder = Files.createDirectories(folder.resolve("empty"));
  }

  @Test
  void findsTheJdkInAUsualFolderWhenTheDefaultJavaIsOlder() throws Exception {
    Outcome outcome = launch(root.resolve("bitatlas"), pathWithJava17(), jdks, "one two", "three");

    assertThat(outcome.status).as(outcome.err).isEqualTo(7);
    assertThat(outcome.out).startsWith("arguments [one two, three]\n");
    assertThat(outcome.out).contains("encoding UTF-8").contains("omp 1").contains("openblas 1");
  }

  @Test
  void tellsInOneLineThatThereIsNoJava() throws Exception {
    Outcome outcome = launch(root.resolve("bitatlas"), tools(), emptyFolder);

    assertThat(outcome.status).isEqualTo(1);
    assertThat(outcome.out).isEmpty();
    assertThat(outcome.err.lines()).hasSize(1);
    assertThat(outcome.err)
        .contains("JDK 25")
        .contains("no java on the PATH")
        .contains("JAVA_HOME");
    assertThat(calls()).isEmpty();
  }

  @Test
  void namesTheVersionOfAnOlderJavaWhenNothingElseIsThere() throws Exception {
    Outcome outcome = launch(root.resolve("bitatlas"), pathWithJava17(), emptyFolder);

    assertThat(outcome.status).isEqualTo(1);
    assertThat(outcome.err.lines()).hasSize(1);
    assertThat(outcome.err).contains("the default java is 17.0.1");
  }

  @Test
  void mavenWrapperTellsTheSame() throws Exception {
    copy("mvnw");
    Outcome outcome = launch(root.resolve("mvnw"), tools(), emptyFolder, "verify");

    assertThat(outcome.status).isEqualTo(1);
    assertThat(outcome.err.lines()).hasSize(1);
  }

  @Test
  void asksAShimForItsJdk() throws Exception {
    Path shims = Files.createDirectories(folder.resolve("shims/bin"));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    script(shims.resolve("java"), "exec '" + java + "' \"$@\"");

    Outcome outcome = launch(root.resolve("bitatlas"), shims + ":" + tools(), emptyFolder);

    assertThat(outcome.status).as(outcome.err).isEqualTo(7);
  }

  @Test
  void runsThroughASymbolicLinkFromAnotherFolder() throws Exception {
    Path bin = Files.createDirectories(folder.resolve("my bin"));
    Files.createSymbolicLink(bin.resolve("direct"), Path.of("../a check out/bitatlas"));
    Files.createSymbolicLink(bin.resolve("atlas"), Path.of("direct"));

    Outcome outcome = launch(bin.resolve("atlas"), pathWithJava17(), jdks, "x");

    assertThat(outcome.status).as(outcome.err).isEqualTo(7);
    assertThat(outcome.out)
        .contains("arguments [x]")
        .contains("working folder " + emptyFolder.toRealPath());
  }

  @Test
  void twoLaunchersAtOnceBuildOnce() throws Exception {
    Files.createFile(root.resolve("slow"));
    Process first = start(root.resolve("bitatlas"), pathWithJava17(), jdks, "first");
    Process second = start(root.resolve("bitatlas"), pathWithJava17(), jdks, "second");
    Outcome one = finish(first);
    Outcome two = finish(second);

    assertThat(one.status).as(one.err).isEqualTo(7);
    assertThat(two.status).as(two.err).isEqualTo(7);
    assertThat(one.out).contains("arguments [first]");
    assertThat(two.out).contains("arguments [second]");
    assertThat(calls()).hasSize(1);
  }

  @Test
  void buildsAgainOnlyAfterASourceChanged() throws Exception {
    Path launcher = root.resolve("bitatlas");
    launch(launcher, pathWithJava17(), jdks);
    Outcome unchanged = launch(launcher, pathWithJava17(), jdks);

    assertThat(calls()).hasSize(1);
    // Java itself names the incubating module; no flag turns that off.
    assertThat(unchanged.err.lines())
        .allMatch("WARNING: Using incubator modules: jdk.incubator.vector"::equals);

    Path source = root.resolve("bitatlas-cli/src/main/java/Source.java");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plus(Duration.ofSeconds(1))));
    Outcome changed = launch(launcher, pathWithJava17(), jdks);

    assertThat(calls()).hasSize(2);
    assertThat(changed.err).contains("building");
    assertThat(changed.out).doesNotContain("output of Maven");
  }

  @Test
  void aFailedBuildLeavesNothingThatLooksFinished() throws Exception {
    Files.createFile(root.resolve("fail"));
    Outcome failed = launch(root.resolve("bitatlas"), pathWithJava17(), jdks);

    assertThat(failed.status).isEqualTo(1);
    assertThat(failed.err).contains("BUILD FAILURE").contains("bitatlas: the build failed");

    Files.delete(root.resolve("fail"));
    Outcome repaired = launch(root.resolve("bitatlas"), pathWithJava17(), jdks);

    assertThat(repaired.status).as(repaired.err).isEqualTo(7);
    assertThat(calls()).hasSize(2);
  }

  @Test
  void anInterruptedBuildLeavesNothingThatLooksFinished() throws Exception {
    Files.createFile(root.resolve("slow"));
    Process interrupted = start(root.resolve("bitatlas"), pathWithJava17(), jdks);
    Instant limit = Instant.now().plus(Duration.ofSeconds(60));
    while (calls().isEmpty() && Instant.now().isBefore(limit)) {
      Thread.sleep(20);
    }
    interrupted.descendants().forEach(ProcessHandle::destroyForcibly);
    interrupted.destroyForcibly();
    interrupted.waitFor();

    Outcome again = launch(root.resolve("bitatlas"), pathWithJava17(), jdks);

    assertThat(again.status).as(again.err).isEqualTo(7);
    assertThat(calls()).hasSize(2);
  }

  @Test
  void aBuildStaysWhileAProcessRunsFromIt() throws Exception {
    Path launcher = root.resolve("bitatlas");
    Process running = start(launcher, pathWithJava17(), jdks, "stay");
    waitFor(emptyFolder.resolve("staying"));
    String first = current();
    rebuild();
    String second = current();
    rebuild();
    rebuild();

    assertThat(builds()).hasSize(3).contains(first, current()).doesNotContain(second);
    Files.createFile(emptyFolder.resolve("go"));
    Outcome outcome = finish(running);
    assertThat(outcome.out).as(outcome.err).contains("jar is there");
  }

  @Test
  void aBuildGoesAfterTheLastProcessThatRanFromItWasKilled() throws Exception {
    Process running = start(root.resolve("bitatlas"), pathWithJava17(), jdks, "stay");
    waitFor(emptyFolder.resolve("staying"));
    String first = current();
    rebuild();
    rebuild();
    assertThat(builds()).contains(first);

    running.destroyForcibly().waitFor();
    rebuild();

    assertThat(builds()).hasSize(2).doesNotContain(first);
  }

  @Test
  void aBuildInUseOnAnotherHostStaysAndFilesOfEndedProcessesGo() throws Exception {
    launch(root.resolve("bitatlas"), pathWithJava17(), jdks);
    String first = current();
    Path folderOfFirst = app().resolve(first);
    Files.createFile(folderOfFirst.resolve("running.1.another.host.example"));
    launch(root.resolve("bitatlas"), pathWithJava17(), jdks);

    try (Stream<Path> files = Files.list(folderOfFirst)) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith("running.")))
          .as("of the other host, and of the launch just ended")
          .hasSize(2);
    }
    rebuild();
    rebuild();
    assertThat(builds()).hasSize(3).contains(first);
  }

  private Path app() {
    return root.resolve("bitatlas-cli/target/app");
  }

  private String current() throws IOException {
    return Files.readString(app().resolve("current")).strip();
  }

  private List<String> builds() throws IOException {
    try (Stream<Path> children = Files.list(app())) {
      return children.filter(Files::isDirectory).map(c -> c.getFileName().toString()).toList();
    }
  }

  /** Launches after the newest build has become older than the sources. */
  private void rebuild() throws Exception {
    String before = current();
    Files.setLastModifiedTime(app().resolve("current"), FileTime.from(Instant.EPOCH));
    Outcome outcome = launch(root.resolve("bitatlas"), pathWithJava17(), jdks);
    assertThat(outcome.status).as(outcome.err).isEqualTo(7);
    assertThat(current()).isNotEqualTo(before);
  }

  private static void waitFor(Path file) throws InterruptedException {
    Instant limit = Instant.now().plus(Duration.ofSeconds(60));
    while (!Files.exists(file) && Instant.now().isBefore(limit)) {
      Thread.sleep(20);
    }
    assertThat(file).exists();
  }

  private record Outcome(int status, String out, String err) {}

  private Outcome launch(Path program, String path, Path jdkFolders, String... arguments)
      throws Exception {
    return finish(start(program, path, jdkFolders, arguments));
  }

  private Process start(Path program, String path, Path jdkFolders, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(emptyFolder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("PATH", path);
    environment.put("BITATLAS_JDK_FOLDERS", jdkFolders.toString());
    Process process = builder.start();
    outputs.put(process, List.of(out, err));
    return process;
  }

  private final Map<Process, List<Path>> outputs = new HashMap<>();

  private Outcome finish(Process process) throws Exception {
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("ended within two minutes").isTrue();
    List<Path> files = Objects.requireNonNull(outputs.get(process));
    return new Outcome(
        process.exitValue(), Files.readString(files.get(0)), Files.readString(files.get(1)));
  }

  private List<String> calls() throws IOException {
    Path calls = root.resolve("calls");
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  private void copy(String file) throws IOException {
    Path target = root.resolve(file);
    Files.deleteIfExists(target);
    Files.copy(PROJECT.resolve(file), target, StandardCopyOption.COPY_ATTRIBUTES);
  }

  /** A PATH without any java: the programs the scripts use, in a folder of their own. */
  private String tools() throws IOException {
    Path tools = folder.resolve("tools");
    if (!Files.exists(tools)) {
      Files.createDirectories(tools);
      for (String name :
          List.of(
              "sh",
              "sed",
              "head",
              "dirname",
              "readlink",
              "find",
              "cp",
              "mkdir",
              "sleep",
              "uname",
              "ps",
              "rm")) {
        Path program =
            List.of(Path.of("/usr/bin", name), Path.of("/bin", name)).stream()
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
        script(tools.resolve(name), "exec " + program + " \"$@\"");
      }
    }
    return tools.toString();
  }

  private String pathWithJava17() throws IOException {
    Path bin = Files.createDirectories(folder.resolve("java-17/bin"));
    script(bin.resolve("java"), "echo 'openjdk version \"17.0.1\" 2021-10-19' >&2");
    script(bin.resolve("javac"), "echo 'javac 17.0.1'");
    return bin + ":" + tools();
  }

  private static void script(Path file, String text) throws IOException {
    Files.deleteIfExists(file);
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
