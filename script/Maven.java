import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Runs a pinned Maven on the JVM that runs this file, fetching it once.
 *
 * <p>Called by {@code mvnw} as {@code java script/Maven.java PROJECT ARGUMENT...}. The distribution
 * is checked against its SHA-512 and unpacked below {@code ~/.m2/bitatlas-maven}. Where it cannot be
 * fetched, a {@code mvn} of version 3.8.1 or later on the PATH is used instead, with a notice.
 * {@code MVNW_REPOURL} names another repository than Maven Central. One build of a checkout runs at a
 * time: a lock on {@code .mvn/build.lock}, which the kernel drops with the process, keeps others
 * waiting.
 */
public final class Maven {

  private static final String VERSION = "3.9.16";
  private static final String SHA_512 =
      "ed41650d42485cfc243fad22158caf9cbb5dc408ce7a09ddb94dd42a019de929"
          + "ca43065bfa450612cf12bf78b5cafa3884b96c090de326ff590448c933454af3";

  /** Set below a build that holds the lock, so that a Maven it starts does not wait for it. */
  private static final String LOCK_HELD = "BITATLAS_BUILD_LOCK_HELD";

  public static void main(String[] arguments) throws Exception {
    Path project = Path.of(arguments[0]);
    List<String> command = new ArrayList<>();
    command.add(executable().toString());
    command.addAll(List.of(arguments).subList(1, arguments.length));
    if (System.getenv(LOCK_HELD) != null) {
      System.exit(run(command, project));
    }
    Path lockFile = project.resolve(".mvn").resolve("build.lock");
    try (FileChannel channel =
        FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      FileLock free = channel.tryLock();
      if (free == null) {
        System.err.println("mvnw: waiting for another build of this folder to end");
      }
      try (FileLock ignored = free != null ? free : channel.lock()) {
        System.exit(run(command, project));
      }
    }
  }

  private static int run(List<String> command, Path project) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    Map<String, String> environment = builder.environment();
    environment.put("JAVA_HOME", System.getProperty("java.home"));
    environment.put("MAVEN_BASEDIR", project.toString());
    environment.put(LOCK_HELD, "1");
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    return process.waitFor();
  }

  private static Path executable() throws Exception {
    boolean windows = System.getProperty("os.name").startsWith("Windows");
    String program = windows ? "mvn.cmd" : "mvn";
    Path folder = Path.of(System.getProperty("user.home"), ".m2", "bitatlas-maven");
    Path home = folder.resolve("apache-maven-" + VERSION);
    Path executable = home.resolve("bin").resolve(program);
    if (Files.isRegularFile(executable)) {
      return executable;
    }
    Files.createDirectories(folder);
    try (FileChannel channel =
            FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock ignored = channel.lock()) {
      if (!Files.isRegularFile(executable)) {
        install(folder, home, program);
      }
      return executable;
    } catch (IOException e) {
      Path fallback = onPath(program);
      if (fallback == null) {
        System.err.println(
            "mvnw: Maven " + VERSION + " could not be fetched (" + e + ") and no mvn is on the"
                + " PATH; install Maven 3.8.1 or later, or set MVNW_REPOURL to a repository that"
                + " can be reached.");
        System.exit(1);
      }
      System.err.println(
          "mvnw: Maven " + VERSION + " could not be fetched (" + e + "); using " + fallback + ".");
      return fallback;
    }
  }

  private static void install(Path folder, Path home, String program) throws Exception {
    String repository =
        System.getenv().getOrDefault("MVNW_REPOURL", "https://repo.maven.apache.org/maven2");
    URI source =
        URI.create(
            repository + "/org/apache/maven/apache-maven/" + VERSION + "/apache-maven-" + VERSION
                + "-bin.zip");
    System.err.println("mvnw: fetching Maven " + VERSION);
    Path archive = folder.resolve("apache-maven-" + VERSION + ".zip.part");
    try (HttpClient client =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build()) {
      HttpResponse<Path> response =
          client.send(
              HttpRequest.newBuilder(source).build(), HttpResponse.BodyHandlers.ofFile(archive));
      if (response.statusCode() != 200) {
        throw new IOException("HTTP status " + response.statusCode() + " for " + source);
      }
    }
    byte[] digest = MessageDigest.getInstance("SHA-512").digest(Files.readAllBytes(archive));
    if (!HexFormat.of().formatHex(digest).equals(SHA_512)) {
      Files.delete(archive);
      throw new IOException("the SHA-512 of " + source + " is not the expected one");
    }
    Path staging = Files.createTempDirectory(folder, "unpack");
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archive))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path target = staging.resolve(entry.getName()).normalize();
        if (!target.startsWith(staging)) {
          throw new IOException("entry outside the archive: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(target);
        } else {
          Files.createDirectories(target.getParent());
          Files.copy(zip, target);
        }
      }
    }
    staging.resolve(home.getFileName()).resolve("bin").resolve(program).toFile().setExecutable(true);
    Files.move(staging.resolve(home.getFileName()), home, StandardCopyOption.ATOMIC_MOVE);
    Files.delete(staging);
    Files.delete(archive);
  }

  private static Path onPath(String program) {
    for (String folder :
        System.getenv().getOrDefault("PATH", "").split(System.getProperty("path.separator"))) {
      Path candidate = Path.of(folder, program);
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    return null;
  }

  private Maven() {}
}
