import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/**
 * Builds what the launcher {@code bitatlas} runs: {@code java script/Build.java ROOT HOST}.
 *
 * <p>Each build gets a folder of its own below {@code bitatlas-cli/target/app}, so a program that is
 * running keeps its jars: the launcher leaves a file {@code running.PROCESS.HOST} in the folder, and
 * the folder stays while that process lives. The file {@code current} names the newest finished one; it is written last,
 * so an interrupted build leaves nothing that looks finished. A lock, which the kernel drops with the
 * process, keeps builds of one checkout apart; {@code mvnw} takes the same one.
 */
public final class Build {

  /** Set for the Maven that runs below this program, which holds the lock already. */
  private static final String LOCK_HELD = "BITATLAS_BUILD_LOCK_HELD";

  private static final String RUNNING = "running.";

  /** How long a process of another host, which cannot be asked, is taken to be running. */
  private static final Duration LONGEST_REMOTE_RUN = Duration.ofDays(30);

  private final Path root;
  private final String host;
  private final Path target;
  private final Path app;

  private Build(Path root, String host) {
    this.root = root;
    this.host = host;
    this.target = root.resolve("bitatlas-cli").resolve("target");
    this.app = target.resolve("app");
  }

  public static void main(String[] arguments) throws Exception {
    try {
      new Build(Path.of(arguments[0]), arguments[1]).runLocked();
    } catch (BuildFailure | IOException e) {
      System.err.println("bitatlas: the build failed: " + e.getMessage());
      System.exit(1);
    }
  }

  private void runLocked() throws Exception {
    Path lockFile = root.resolve(".mvn").resolve("build.lock");
    Files.createDirectories(lockFile.getParent());
    try (FileChannel channel =
        FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      FileLock free = channel.tryLock();
      if (free == null) {
        System.err.println("bitatlas: waiting for another build of this folder to end");
      }
      try (FileLock ignored = free != null ? free : channel.lock()) {
        if (!isCurrent()) {
          build();
        }
      }
    }
  }

  /** Whether no source is newer than the newest finished build. */
  private boolean isCurrent() throws IOException {
    Path current = app.resolve("current");
    if (!Files.isRegularFile(current)) {
      return false;
    }
    FileTime built = Files.getLastModifiedTime(current);
    for (Path source : sources()) {
      if (Files.getLastModifiedTime(source).compareTo(built) > 0) {
        return false;
      }
    }
    return true;
  }

  private List<Path> sources() throws IOException {
    List<Path> found = new ArrayList<>(List.of(root.resolve("pom.xml")));
    List<Path> folders = new ArrayList<>(List.of(root.resolve("script")));
    try (Stream<Path> children = Files.list(root)) {
      children
          .filter(child -> child.getFileName().toString().startsWith("bitatlas-"))
          .filter(Files::isDirectory)
          .forEach(
              module -> {
                found.add(module.resolve("pom.xml"));
                folders.add(module.resolve("src").resolve("main"));
              });
    }
    for (Path folder : folders) {
      if (Files.isDirectory(folder)) {
        try (Stream<Path> tree = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
          tree.forEach(found::add);
        }
      }
    }
    found.removeIf(path -> !Files.exists(path));
    return found;
  }

  private void build() throws Exception {
    boolean first = !Files.exists(app.resolve("current"));
    System.err.println(
        first ? "bitatlas: building (first use; about a minute)" : "bitatlas: building (sources changed)");
    Files.createDirectories(app);
    String generation = Long.toString(System.currentTimeMillis(), 36);
    Path stamp = Files.writeString(app.resolve("current.new"), generation + "\n");
    FileTime started = Files.getLastModifiedTime(stamp);

    maven();
    Path home = app.resolve(generation);
    assemble(home);
    writeLauncherJar(home);

    Files.setLastModifiedTime(stamp, started);
    String previous = first ? "" : Files.readString(app.resolve("current")).strip();
    Files.move(
        stamp,
        app.resolve("current"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    removeAllBut(generation, previous);
  }

  private void maven() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            root.resolve("mvnw").toString(),
            "-q",
            "-Dmaven.test.skip=true",
            "-Dspotless.check.skip=true",
            "package");
    builder.directory(root.toFile());
    builder.environment().put(LOCK_HELD, "1");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.redirectInput(ProcessBuilder.Redirect.PIPE);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    process.getOutputStream().close();
    // Standard output belongs to the command that the user asked for.
    process.getInputStream().transferTo(System.err);
    int status = process.waitFor();
    if (status != 0) {
      throw new BuildFailure(
          "Maven ended with status " + status + "; ./mvnw package shows the same with more detail.");
    }
  }

  /** Modules are copied, as Maven rewrites them in place; libraries are linked where possible. */
  private void assemble(Path home) throws IOException {
    Path modules = Files.createDirectories(home.resolve("modules"));
    Path libraries = Files.createDirectories(home.resolve("lib"));
    Path own = target.resolve("bitatlas-cli.jar");
    copy(own, modules.resolve(own.getFileName()));
    String classPath = Files.readString(target.resolve("classpath.txt"), StandardCharsets.UTF_8);
    for (String entry : classPath.strip().split(System.getProperty("path.separator"))) {
      if (entry.isEmpty()) {
        continue;
      }
      Path jar = Path.of(entry);
      if (jar.startsWith(root)) {
        copy(jar, modules.resolve(jar.getFileName()));
      } else {
        linkOrCopy(jar, libraries.resolve(jar.getFileName()));
      }
    }
  }

  private static void linkOrCopy(Path jar, Path destination) throws IOException {
    try {
      Files.createLink(destination, jar.toRealPath());
    } catch (IOException | UnsupportedOperationException e) {
      copy(jar, destination);
    }
  }

  private static void copy(Path jar, Path destination) throws IOException {
    Files.copy(jar, destination, StandardCopyOption.COPY_ATTRIBUTES);
  }

  /**
   * The jar that is run: a manifest only, with the class path in a fixed order and leave to call
   * native libraries (given here and not as a flag, it keeps the JDK's own start-up archive usable).
   */
  private static void writeLauncherJar(Path home) throws IOException {
    List<String> classPath = new ArrayList<>();
    for (String folder : List.of("modules", "lib")) {
      try (Stream<Path> jars = Files.list(home.resolve(folder))) {
        jars.map(jar -> folder + "/" + jar.getFileName()).sorted().forEach(classPath::add);
      }
    }
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.MAIN_CLASS, "org.bitatlas.cli.BitAtlas");
    attributes.put(Attributes.Name.CLASS_PATH, String.join(" ", classPath));
    attributes.putValue("Enable-Native-Access", "ALL-UNNAMED");
    new JarOutputStream(Files.newOutputStream(home.resolve("bitatlas.jar")), manifest).close();
  }

  private void removeAllBut(String generation, String previous) throws IOException {
    List<Path> old;
    try (Stream<Path> children = Files.list(app)) {
      old =
          children
              .filter(Files::isDirectory)
              .filter(child -> !child.getFileName().toString().equals(generation))
              .filter(child -> !child.getFileName().toString().equals(previous))
              .toList();
    }
    for (Path folder : old) {
      if (!isRunning(folder)) {
        remove(folder);
      }
    }
  }

  /** Whether a process that was started from a build may still load from it. */
  private boolean isRunning(Path build) throws IOException {
    try (Stream<Path> children = Files.list(build)) {
      for (Path file : children.toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith(RUNNING) && isAlive(file, name.substring(RUNNING.length()))) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean isAlive(Path file, String processAndHost) throws IOException {
    int dot = processAndHost.indexOf('.');
    if (dot > 0 && processAndHost.substring(dot + 1).equals(host)) {
      Optional<ProcessHandle> process =
          ProcessHandle.of(Long.parseLong(processAndHost.substring(0, dot)));
      return process.isPresent() && process.get().isAlive();
    }
    Instant written = Files.getLastModifiedTime(file).toInstant();
    return written.plus(LONGEST_REMOTE_RUN).isAfter(Instant.now());
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (DirectoryNotEmptyException e) {
      // A launcher left its file meanwhile and now sees that there is a newer build.
    }
  }

  private static final class BuildFailure extends Exception {
    BuildFailure(String message) {
      super(message);
    }
  }
}
