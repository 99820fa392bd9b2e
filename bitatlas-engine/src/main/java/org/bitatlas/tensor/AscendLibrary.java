package org.bitatlas.tensor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch;

/**
 * Ascend's C++ library beside libtorch: libtorch_npu.so of a torch_npu built for the libtorch that
 * is loaded here registers the NPU as a device and its operators by name. Never run on hardware.
 */
public final class AscendLibrary {

  /** The environment variable that names the library. */
  public static final String VARIABLE = "BITATLAS_TORCH_NPU";

  private static final String FIRST_OPERATOR = "npu::npu_dynamic_quant";

  private static boolean loaded;

  private AscendLibrary() {}

  /**
   * Loads the library that the environment names, once.
   *
   * @throws BitAtlasException in one sentence when it is not named, not there, or does not fit
   */
  public static synchronized void load() {
    if (!loaded) {
      load(Optional.ofNullable(System.getenv(VARIABLE)).filter(name -> !name.isBlank()));
      loaded = true;
    }
  }

  /** Loads a library file. */
  static void load(Optional<String> named) {
    Path file =
        named
            .map(Path::of)
            .orElseThrow(() ->
                new BitAtlasException(
                    "An NPU needs the library of torch_npu beside libtorch; set %s to libtorch_npu.so of a torch_npu for libtorch %s, or use --device cpu (%s)."
                        .formatted(
                            VARIABLE, NativeRuntime.describe().libtorchVersion(), Device.UNTRIED)));
    if (!Files.isRegularFile(file)) {
      throw new BitAtlasException(
          "%s names %s, but there is no such file; give libtorch_npu.so of torch_npu."
              .formatted(VARIABLE, file));
    }
    NativeRuntime.load();
    try {
      System.load(file.toAbsolutePath().toString());
    } catch (UnsatisfiedLinkError unfit) {
      throw new BitAtlasException(
          "The library %s cannot be loaded (%s); it must be that of a torch_npu built for libtorch %s, with the libraries of CANN on LD_LIBRARY_PATH."
              .formatted(
                  file,
                  String.valueOf(unfit.getMessage()).lines().findFirst().orElse(""),
                  NativeRuntime.describe().libtorchVersion()),
          unfit);
    }
    if (!torch.is_privateuse1_backend_registered() || !NamedOperator.exists(FIRST_OPERATOR)) {
      throw new BitAtlasException(
          "The library %s was loaded, but registers no operator %s; give libtorch_npu.so of torch_npu."
              .formatted(file, FIRST_OPERATOR));
    }
  }
}
