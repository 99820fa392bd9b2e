package org.bitatlas.kernel;

import java.util.Locale;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The provider chosen for this JVM.
 *
 * @param reason in one line, for {@code doctor}
 */
record RowKernelSelection(RowKernels kernels, String reason) {

  /** System property that asks for a provider: {@code scalar}, {@code vector} or {@code auto}. */
  static final String PROPERTY = "bitatlas.kernels";

  private static final String MODULE = "jdk.incubator.vector";

  static final RowKernelSelection SELECTED = select(System.getProperty(PROPERTY, "auto"));

  static RowKernelSelection select(String wanted) {
    boolean available = ModuleLayer.boot().findModule(MODULE).isPresent();
    return switch (wanted.toLowerCase(Locale.ROOT)) {
      case "scalar" ->
          new RowKernelSelection(
              new ScalarRowKernels(), "scalar row kernels, asked for with -D" + PROPERTY);
      case "auto" -> available ? vector() : scalarWithoutModule();
      case "vector" -> {
        if (!available) {
          throw new BitAtlasException(
              "Vector kernels were asked for, but the JVM runs without their module; start it with --add-modules "
                  + MODULE
                  + ".");
        }
        yield vector();
      }
      default ->
          throw new BitAtlasException(
              "Unknown kernels '%s' in -D%s; give scalar, vector or auto."
                  .formatted(wanted, PROPERTY));
    };
  }

  private static RowKernelSelection scalarWithoutModule() {
    return new RowKernelSelection(
        new ScalarRowKernels(),
        "scalar row kernels, slow: the JVM runs without --add-modules " + MODULE);
  }

  private static RowKernelSelection vector() {
    VectorRowKernels kernels = new VectorRowKernels();
    return new RowKernelSelection(
        kernels, "vector row kernels of " + kernels.vectorBits() + " bits (Vector API)");
  }
}
