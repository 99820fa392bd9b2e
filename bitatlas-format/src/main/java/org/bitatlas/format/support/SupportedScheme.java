package org.bitatlas.format.support;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.LayerScheme.Storage;

/**
 * A scheme that a serving stack loads.
 *
 * @param name the stack's own name for it, for example {@code W8A8_DYNAMIC}
 * @param layers which layers may have it
 * @param formats checkpoint formats it is read from
 * @param devices where it runs
 * @param versions of the stack that have it
 * @param bits allowed bits of a weight
 * @param groups what may share a weight scale
 * @param symmetry which weight grids may be stored
 * @param inputs how inputs are rounded
 * @param bias whether the layer's bias is added
 * @param transforms whether an online transform is applied
 * @param dense whether weights become floats when they are loaded: memory and speed are then those
 *     of a float model
 * @param evidence what the row rests on
 * @param runs how the stack computes it where that is not what the checkpoint says; may be empty
 * @param remark what a user must know; may be empty
 * @param source where it was read
 */
public record SupportedScheme(
    String name,
    Layers layers,
    List<FormatName> formats,
    List<DeviceFamily> devices,
    VersionRange versions,
    List<Integer> bits,
    Grouping groups,
    Symmetry symmetry,
    Inputs inputs,
    boolean bias,
    boolean transforms,
    boolean dense,
    Evidence evidence,
    String runs,
    String remark,
    String source) {

  /** Which layers of a model. */
  public enum Layers {
    /** Linear layers of a dense model, and those of a mixture outside its experts. */
    LINEAR,
    /** Experts of a mixture. */
    EXPERTS,
    /** The cache of keys and values; weights play no part. */
    CACHE
  }

  /** Which weight grids. */
  public enum Symmetry {
    /** The zero point is the middle of the codes. */
    SYMMETRIC,
    /** Every group has its own zero point. */
    ASYMMETRIC,
    /** Both may be stored. */
    EITHER
  }

  /** What a row rests on. Nothing here was run on an NPU. */
  public enum Evidence {
    /** The loader's source was read. */
    SOURCE,
    /** The project's documents say so. */
    DOCUMENTS
  }

  /** Copies the lists. */
  public SupportedScheme {
    formats = List.copyOf(formats);
    devices = List.copyOf(devices);
    bits = List.copyOf(bits);
  }

  /**
   * What keeps a layer from being loaded, each objection a phrase; empty when it loads.
   *
   * @param layer how the layer is quantized
   * @param version of the stack
   * @param device where the stack runs
   */
  public List<String> objections(LayerScheme layer, StackVersion version, DeviceFamily device) {
    List<String> objections = new ArrayList<>();
    if (!versions.contains(version)) {
      objections.add("only in versions " + versions.words());
    }
    if (!devices.contains(device)) {
      objections.add(
          "only on " + String.join(", ", devices.stream().map(DeviceFamily::label).toList()));
    }
    if (layers != (layer.experts() ? Layers.EXPERTS : Layers.LINEAR)) {
      objections.add(
          switch (layers) {
            case LINEAR -> "for layers outside the experts only";
            case EXPERTS -> "for experts of a mixture only";
            case CACHE -> "for the cache of keys and values only";
          });
    }
    if (layer.storage() != Storage.GRID) {
      objections.add("stores codes of equal width on a grid only");
    }
    weights(layer, objections);
    inputs(layer.inputs(), objections);
    if (layer.bias() && !bias) {
      objections.add("the bias of the layer is left out");
    }
    if (layer.transforms() != transforms) {
      objections.add(transforms ? "needs FlatQuant's transforms" : "applies no online transform");
    }
    return List.copyOf(objections);
  }

  private void weights(LayerScheme layer, List<String> objections) {
    if (!bits.contains(layer.bits())) {
      objections.add(
          "weights of "
              + String.join(", ", bits.stream().map(String::valueOf).toList())
              + " bits only");
    }
    if (!groups.allows(layer.groupSize())) {
      objections.add("weight scales " + groups.words() + " only");
    }
    if (symmetry != Symmetry.EITHER && layer.symmetric() != (symmetry == Symmetry.SYMMETRIC)) {
      objections.add(
          symmetry == Symmetry.SYMMETRIC ? "symmetric weights only" : "zero points only");
    }
  }

  private String rounded() {
    return inputs.bits() + " bits " + inputs.rounding().id();
  }

  private void inputs(Inputs layer, List<String> objections) {
    if (inputs.rounding() != layer.rounding() || inputs.bits() != layer.bits()) {
      String rounding = inputs.rounding() == Inputs.Rounding.NONE ? "float" : rounded();
      objections.add("inputs " + rounding + " only");
    } else if (inputs.symmetric() && !layer.symmetric()) {
      objections.add("symmetric inputs only");
    }
  }
}
