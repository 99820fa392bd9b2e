package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.bitatlas.model.WholeModelProbe.Outcome;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The whole smaller embedded model on the kernels of other machines, each in a JVM of its own that
 * is told to use less than this one has, against this JVM. Where only our kernels and exact
 * products differ logits have the same bits; where libtorch's float products differ, too, they
 * agree as closely as a change in the last bit of an activation allows.
 */
class KernelIndependenceTest {

  /** Where 8-bit activations on the edge between two codes may fall to either side. */
  private static final double MOVED_CODES = 0.02;

  /** Of 4-bit activations. */
  private static final double MOVED_COARSE_CODES = 0.2;

  private static final double FLOAT_NOISE = 1e-5;

  @TempDir private static Path folder;

  private static Map<String, Outcome> here = Map.of();

  /** Another machine. */
  enum Machine {
    /** No Vector API. */
    SCALAR("scalar", true, List.of("-Dbitatlas.kernels=scalar"), Map.of()),
    /** AVX2. */
    VECTORS_256("vector-256", true, List.of("-XX:MaxVectorSize=32"), Map.of()),
    /** SSE or NEON. */
    VECTORS_128("vector-128", true, List.of("-XX:MaxVectorSize=16"), Map.of()),
    /** AVX2 without VNNI: oneDNN is not exact and not used for integers. */
    WITHOUT_VNNI("vector-", true, List.of("-XX:UseAVX=2"), Map.of("ONEDNN_MAX_CPU_ISA", "AVX2")),
    /** Neither the Vector API nor VNNI. */
    SCALAR_WITHOUT_VNNI(
        "scalar", true, List.of("-Dbitatlas.kernels=scalar"), Map.of("ONEDNN_MAX_CPU_ISA", "AVX2")),
    /** All libraries as on a CPU with AVX2 only. */
    OLD_CPU(
        "vector-",
        false,
        List.of("-XX:UseAVX=2"),
        Map.of(
            "ONEDNN_MAX_CPU_ISA",
            "AVX2",
            "ATEN_CPU_CAPABILITY",
            "avx2",
            "OPENBLAS_CORETYPE",
            "Haswell"));

    private final String rows;
    private final boolean sameFloats;
    private final List<String> options;
    private final Map<String, String> environment;

    Machine(
        String rows, boolean sameFloats, List<String> options, Map<String, String> environment) {
      this.rows = rows;
      this.sameFloats = sameFloats;
      this.options = options;
      this.environment = environment;
    }
  }

  @BeforeAll
  static void runHere() {
    here = WholeModelProbe.run();
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR_WITHOUT_VNNI", "VECTORS_128", "OLD_CPU"})
  @Timeout(600)
  void theSameLogits(Machine machine) throws IOException, InterruptedException {
    compare(machine);
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTORS_256", "WITHOUT_VNNI"})
  @Timeout(600)
  @Tag("slow")
  void theSameLogitsOnEachPartAlone(Machine machine) throws IOException, InterruptedException {
    compare(machine);
  }

  private static void compare(Machine machine) throws IOException, InterruptedException {
    Map<String, Outcome> there = run(machine);
    assertThat(there.keySet()).isEqualTo(here.keySet());
    Map<String, Double> differences = new LinkedHashMap<>();
    there.forEach((name, outcome) -> {
      float[] expected = here.get(name).logits();
      assertThat(outcome.logits()).as(name).hasSameSizeAs(expected);
      // Products of floats are oneDNN's, which was held back too.
      boolean floats =
          name.endsWith("BF16")
              || name.startsWith("MIXED_GROUPS")
              || tolerance(name) == FLOAT_NOISE;
      boolean same = machine.sameFloats && (!floats || machine.environment.isEmpty());
      if (same) {
        assertThat(Arrays.equals(outcome.logits(), expected)).as(name).isTrue();
      }
      differences.put(name, difference(outcome.logits(), expected));
      // Where every product is oneDNN's, one row included, our kernels have none.
      boolean ours =
          !machine.environment.isEmpty() || here.get(name).instructions().contains("vector-");
      assertThat(outcome.instructions()).as(name).contains(ours ? machine.rows : "oneDNN");
      if (ours && machine.rows.equals("scalar")) {
        assertThat(outcome.refusal())
            .as(name)
            .contains("kernels that the scheme promises are required")
            .contains("scalar");
      }
    });
    System.out.println(machine + " " + differences);
    differences.forEach(
        (name, difference) -> assertThat(difference).as(name).isLessThan(tolerance(name)));
  }

  private static double tolerance(String name) {
    if (name.contains("A16") || name.equals("BINARY") || name.equals("MIXED_GROUPS")) {
      return FLOAT_NOISE;
    }
    return name.contains("A4") ? MOVED_COARSE_CODES : MOVED_CODES;
  }

  /** Root mean square difference relative to the root mean square. */
  private static double difference(float[] values, float[] expected) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < values.length; i++) {
      difference += Math.pow((double) values[i] - expected[i], 2);
      size += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / size);
  }

  private static Map<String, Outcome> run(Machine machine)
      throws IOException, InterruptedException {
    Path file = folder.resolve(machine.name());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx1g",
            "--enable-native-access=ALL-UNNAMED",
            "--add-modules",
            "jdk.incubator.vector",
            "-XX:+IgnoreUnrecognizedVMOptions"));
    command.addAll(machine.options);
    command.add("-Dbitatlas.root=" + System.getProperty("bitatlas.root", ".."));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(WholeModelProbe.class.getName(), file.toString()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(machine.environment);
    builder.redirectOutput(new File(folder.toFile(), machine + ".out"));
    builder.redirectError(new File(folder.toFile(), machine + ".err"));
    Process process = builder.start();
    try {
      assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).as(() -> errors(machine)).isEqualTo(0);
      return WholeModelProbe.read(file);
    } finally {
      process.destroyForcibly();
    }
  }

  private static String errors(Machine machine) {
    try {
      return Files.readString(folder.resolve(machine + ".err"));
    } catch (IOException unreadable) {
      return "no standard error";
    }
  }
}
