package org.bitatlas.format.modelslim;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.tensor.ElementType;

/** What a user should know of a checkpoint for Ascend, one sentence each. */
final class ModelSlimNotes {

  private ModelSlimNotes() {}

  /**
   * The notes.
   *
   * @param used types of the layers
   * @param widened number of layers whose codes of fewer than 8 bits are stored in 8
   */
  static List<String> of(
      Set<LinearType> used,
      int widened,
      ExportSource source,
      ElementType modelType,
      boolean roundScales) {
    List<String> notes = new ArrayList<>();
    notes.add("Never run on hardware: written from the loaders' sources, checked without an NPU.");
    if (used.contains(LinearType.W4A8_DYNAMIC)) {
      notes.add(
          "W4A8_DYNAMIC linears keep activations in %s on Ascend: they execute as W4A16. Releases v0.18 to v0.26rc of vLLM-Ascend load them, main after 8 August 2026 does not."
              .formatted(modelType == ElementType.F16 ? "float16" : "bfloat16"));
    }
    if (roundScales) {
      notes.add(
          "Scales were rounded to what the NPU makes of them (%s; deq_scale to 19 bits for float16): of static W8A8 input_scale, with deq_scale to match its reciprocal, of W8A8_DYNAMIC and W8A16 weight_scale."
              .formatted(modelType == ElementType.F16 ? "float16" : "bfloat16"));
    }
    if (used.contains(LinearType.W8A8) && !roundScales) {
      notes.add(
          "Static W8A8: input_scale is rounded to the model's type when loaded, deq_scale is not.");
      if (modelType == ElementType.F16) {
        notes.add("The hardware reads 19 bits of each deq_scale: up to 0.1 % below its value.");
      }
    }
    if (!roundScales && used.stream().anyMatch(LinearType::loadsRoundedScales)) {
      notes.add("weight_scale is rounded to the model's type when loaded.");
    }
    if (!transformsHeld(source, modelType)) {
      String type = modelType == ElementType.F16 ? "float16" : "bfloat16";
      notes.add(
          "left_trans and right_trans are rounded to %s when loaded, and the weights have the inverses of the unrounded ones; quantize with trans_dtype=%s (recipe w4a4-ascend) to lose nothing."
              .formatted(type, type));
    }
    if (widened > 0) {
      notes.add(
          widened
              + " linears of fewer than 8 bits are stored in 8, exactly; the size is that of 8.");
    }
    return List.copyOf(notes);
  }

  /** Whether the model's type has every value of the transforms of inputs. */
  private static boolean transformsHeld(ExportSource source, ElementType modelType) {
    return source.quantized().activations().values().stream()
        .flatMap(around -> around.transform().stream())
        .flatMap(transform -> Stream.concat(transform.left().stream(), transform.right().stream()))
        .allMatch(factor -> held(factor, modelType));
  }

  private static boolean held(float[] factor, ElementType modelType) {
    for (float value : factor) {
      if (StoredFloats.round(value, modelType) != value) {
        return false;
      }
    }
    return true;
  }
}
