package org.bitatlas.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.eval.sandbox.Availability;
import org.bitatlas.kernel.OneDnn;
import org.bitatlas.kernel.RowKernels;
import org.bitatlas.model.Precision;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.NativeRuntime;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows what BitAtlas found on this machine, what it does with it, and what looks wrong. */
@Command(
    name = "doctor",
    description = "Show what BitAtlas found on this machine and what it does with it.")
final class DoctorCommand implements Callable<Integer> {

  private static final long LITTLE_DISK = 2L << 30;

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  private final List<String> warnings = new ArrayList<>();

  @Override
  public Integer call() {
    FactSheet sheet = new FactSheet();
    java(sheet);
    machine(sheet, Hardware.look(Path.of("/")));
    boolean engine = engine(sheet);
    threads(sheet);
    sandbox(sheet);
    folders(sheet);
    sheet.section(warnings.isEmpty() ? "Nothing looks wrong." : "To look at");
    for (String warning : warnings) {
      sheet.fact("!", warning);
    }
    sheet.print(spec.commandLine().getOut());
    return engine ? Exit.OK : Exit.ERROR;
  }

  private static void java(FactSheet sheet) {
    List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments();
    sheet
        .section("BitAtlas " + BuildVersion.bitatlas())
        .fact(
            "JDK",
            Runtime.version() + " (" + System.getProperty("java.vendor", "unknown vendor") + ")")
        .fact("JDK folder", System.getProperty("java.home"))
        .fact("JVM flags", flags.isEmpty() ? "none" : String.join(" ", flags))
        .fact("heap limit", Amounts.bytes(Runtime.getRuntime().maxMemory()));
  }

  private void machine(FactSheet sheet, Hardware hardware) {
    sheet
        .section("Machine")
        .fact(
            "system",
            System.getProperty("os.name")
                + " "
                + System.getProperty("os.version")
                + ", "
                + System.getProperty("os.arch"))
        .fact("processor", hardware.processor().orElse("not told by this operating system"))
        .fact("cores", Integer.toString(Runtime.getRuntime().availableProcessors()))
        .fact("features", Hardware.features(NativeRuntime.cpuFeatures()));
    hardware
        .memoryBytes()
        .ifPresent(total ->
            sheet.fact(
                "memory",
                Amounts.bytes(total)
                    + hardware.availableBytes().stream()
                        .mapToObj(free -> ", " + Amounts.bytes(free) + " available")
                        .findFirst()
                        .orElse("")));
    String memoryLimit =
        hardware.memoryLimitBytes().stream()
            .mapToObj(limit -> "memory " + Amounts.bytes(limit))
            .findFirst()
            .orElse("memory not limited");
    String processorLimit =
        hardware.processorLimit().stream()
            .mapToObj(limit -> String.format(Locale.ROOT, "%.1f cores", limit))
            .findFirst()
            .orElse("cores not limited");
    sheet.fact("container", memoryLimit + ", " + processorLimit);
    if (hardware.processorLimit().orElse(1) < 1) {
      warnings.add("The container has less than one core; expect long runs.");
    }
  }

  private boolean engine(FactSheet sheet) {
    sheet.section("Engine");
    boolean loaded = true;
    try {
      NativeRuntime.Description library = NativeRuntime.describe();
      sheet.fact(
          "libtorch", library.libtorchVersion() + ", " + library.cpuCapability() + " kernels");
      if (library.cpuCapability().equalsIgnoreCase("DEFAULT")) {
        warnings.add("libtorch uses no vector instructions here; expect very long runs.");
      }
    } catch (BitAtlasException e) {
      sheet.fact("libtorch", "not available");
      warnings.add(String.valueOf(e.getMessage()));
      loaded = false;
    }
    Precision.Choice choice = Precision.preferred();
    sheet
        .fact(
            "precision",
            choice.precision().name().toLowerCase(Locale.ROOT) + ", as " + choice.reason())
        .fact("float linears", "libtorch matrix multiplication")
        .fact(
            "quantized linears",
            "simulated (dequantized when the model is loaded), or from packed codes with"
                + " --execution integer")
        .fact("few rows", RowKernels.describe())
        .fact("many rows", manyRows());
    return loaded;
  }

  private static String manyRows() {
    try {
      return "oneDNN "
          + OneDnn.version()
          + (OneDnn.exactIntegers()
              ? ", exact 8-bit products"
              : ", but no 8-bit products: without VNNI they would saturate, so the row kernels"
                  + " compute all rows");
    } catch (BitAtlasException absent) {
      return "row kernels, as oneDNN is not available";
    }
  }

  private void threads(FactSheet sheet) {
    sheet
        .section("Threads")
        .fact(
            "BitAtlas",
            Runtime.getRuntime().availableProcessors() + " by default (--threads), over tiles")
        .fact("libtorch", "1 inside a tile")
        .fact("OMP_NUM_THREADS", environment("OMP_NUM_THREADS").orElse("not set"))
        .fact("OPENBLAS_NUM_T.", environment("OPENBLAS_NUM_THREADS").orElse("not set"));
    for (String variable : List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")) {
      if (!environment(variable).orElse("").equals("1")) {
        warnings.add(
            variable
                + " is not 1, so native threads may compete with BitAtlas' own for the cores.");
      }
    }
  }

  private void sandbox(FactSheet sheet) {
    sheet.section("Code suites");
    switch (Availability.here()) {
      case Availability.Ready ready ->
          sheet.fact(
              "sandbox",
              "works, with Python "
                  + ready.sandbox().pythonVersion()
                  + "; a trial program reached nothing");
      case Availability.Missing missing -> {
        sheet.fact("sandbox", "not here: generated programs are not run, their cells are SKIPPED");
        warnings.add("Code suites: " + missing.text() + ".");
      }
    }
  }

  private void folders(FactSheet sheet) {
    sheet.section("Folders");
    folder(sheet, "embedded model", CacheFolders.bitatlas());
    folder(sheet, "hub cache", CacheFolders.hub());
    folder(sheet, "native libraries", CacheFolders.nativeLibraries());
    folder(sheet, "working folder", Path.of("").toAbsolutePath());
  }

  private void folder(FactSheet sheet, String name, Path folder) {
    Path existing = folder;
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    String state = Files.isWritable(existing) ? "" : ", not writable";
    try {
      long free = Files.getFileStore(existing).getUsableSpace();
      sheet.fact(name, folder + " (" + Amounts.bytes(free) + " free" + state + ")");
      if (free < LITTLE_DISK) {
        warnings.add("Little disk space is left for " + folder + ".");
      }
    } catch (IOException e) {
      sheet.fact(name, folder + " (free space unknown" + state + ")");
    }
    if (!state.isEmpty()) {
      warnings.add("The folder " + existing + " cannot be written.");
    }
  }

  private static Optional<String> environment(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isBlank());
  }
}
