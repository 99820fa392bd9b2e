package org.bitatlas.format.check;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.FusedModules;

/** What the parts of a fused layer must have in common. */
final class FusedRules {

  private FusedRules() {}

  /**
   * All parts are of one kind; a finding for each that differs from the first.
   *
   * @param kind of a module in words, for example {@code float}
   * @return whether they are
   */
  static boolean oneKind(
      FusedModules fused, int layer, Function<String, String> kind, Findings findings) {
    List<String> modules = fused.modules(layer);
    String first = kind.apply(modules.getFirst());
    boolean alike = true;
    for (String module : modules) {
      String other = kind.apply(module);
      if (!other.equals(first)) {
        alike = false;
        findings.fault(
            "mixed-types",
            module + ".weight",
            "it is %s and %s is %s, but both are parts of %s, which runs as one layer"
                .formatted(other, modules.getFirst(), first, fused.module(layer)),
            "quantize all parts of %s alike, or leave all of them float".formatted(fused.name()));
      }
    }
    return alike;
  }

  /** What belongs to the common input is the same: loaders keep what is loaded last. */
  static void oneValue(
      FusedModules fused,
      int layer,
      String suffix,
      TensorInspection inspection,
      Findings findings) {
    List<String> modules = fused.modules(layer);
    Optional<StoredTensor> first = inspection.stored(modules.getFirst() + suffix);
    for (String module : modules) {
      Optional<StoredTensor> other = inspection.stored(module + suffix);
      if (first.isPresent() && other.isPresent() && !same(first.get(), other.get())) {
        findings.wrong(
            "different-inputs",
            module + suffix,
            "it differs from %s, but %s has one input and keeps what is loaded last"
                .formatted(first.get().name(), fused.module(layer)),
            "calibrate and quantize the parts of %s together".formatted(fused.name()));
      }
    }
  }

  private static boolean same(StoredTensor one, StoredTensor other) {
    return one.data().byteSize() == other.data().byteSize()
        && one.data().mismatch(other.data()) < 0;
  }
}
