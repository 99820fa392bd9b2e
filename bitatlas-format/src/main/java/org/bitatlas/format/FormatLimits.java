package org.bitatlas.format;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.LinearEntry;
import org.bitatlas.scheme.QuantizedCheckpoint;

/** What formats have in common in what they cannot hold. */
public final class FormatLimits {

  private FormatLimits() {}

  /**
   * The layers of a source on integer grids, by module name.
   *
   * @throws FormatRefusal when a layer is of another kind, the embedding is quantized, or
   *     transforms run or keys and values are rounded with the model
   */
  public static SequencedMap<String, GridLayer> grids(ExportSource source, FormatName format) {
    requireNoTransforms(source, format);
    requireFloatCache(source, format);
    return collected(source, format);
  }

  /**
   * As {@link #grids}, of a source that rounds no activations.
   *
   * @throws FormatRefusal also when it does
   */
  public static SequencedMap<String, GridLayer> weightOnlyGrids(
      ExportSource source, FormatName format) {
    requireNoTransforms(source, format);
    requireFloatCache(source, format);
    requireWeightOnly(source, format);
    return collected(source, format);
  }

  private static SequencedMap<String, GridLayer> collected(ExportSource source, FormatName format) {
    SequencedMap<String, GridLayer> grids = new LinkedHashMap<>();
    for (String module : source.codedModules()) {
      if (module.equals(QuantizedCheckpoint.EMBEDDING)) {
        throw FormatRefusal.of(
            format, module, "its loaders keep the embedding in float; leave it out of the recipe");
      }
      switch (source.quantized().entry(module)) {
        case LinearEntry.Grid _ -> grids.put(module, source.grid(module));
        case LinearEntry.Binary _ ->
            throw FormatRefusal.of(
                format,
                module,
                "binarized layers with salient columns (BiLLM) have no format that any loader"
                    + " reads; BitAtlas's own checkpoint is the only one");
        case LinearEntry.Mixed _ ->
            throw FormatRefusal.of(
                format,
                module,
                "groups of different bit widths in one layer (SliM-LLM) have no format that any"
                    + " loader reads; BitAtlas's own checkpoint is the only one");
        case LinearEntry.Float _ -> throw new IllegalStateException("a float layer has no codes");
      }
    }
    return grids;
  }

  /**
   * Refuses transforms that run with the model.
   *
   * @throws FormatRefusal when there is one
   */
  private static void requireNoTransforms(ExportSource source, FormatName format) {
    for (Map.Entry<String, LinearActivations> entry : source.quantized().activations().entrySet()) {
      if (entry.getValue().transform().isPresent()) {
        throw FormatRefusal.of(
            format,
            entry.getKey(),
            "its input is transformed while the model runs (FlatQuant), which its loaders do not"
                + " do");
      }
    }
    for (Map.Entry<Integer, AttentionActivations> entry :
        source.quantized().attention().entrySet()) {
      if (entry.getValue().headTransform().isPresent()) {
        throw FormatRefusal.of(
            format,
            "the attention of block " + entry.getKey(),
            "its heads are transformed while the model runs (FlatQuant), which its loaders do not"
                + " do");
      }
    }
  }

  /**
   * Refuses keys and values that are rounded as they enter the cache.
   *
   * @throws FormatRefusal when some are
   */
  private static void requireFloatCache(ExportSource source, FormatName format) {
    for (Map.Entry<Integer, AttentionActivations> entry :
        source.quantized().attention().entrySet()) {
      AttentionActivations attention = entry.getValue();
      if (attention.key().isPresent() || attention.value().isPresent()) {
        throw FormatRefusal.of(
            format,
            "the attention of block " + entry.getKey(),
            "its keys and values are rounded on a grid found at run time, and its loaders know no"
                + " such cache; quantize without rounding keys and values");
      }
    }
  }

  /**
   * Refuses activations that are rounded.
   *
   * @throws FormatRefusal when some are
   */
  private static void requireWeightOnly(ExportSource source, FormatName format) {
    for (Map.Entry<String, LinearActivations> entry : source.quantized().activations().entrySet()) {
      LinearActivations around = entry.getValue();
      if (around.input().isPresent() || around.output().isPresent()) {
        throw FormatRefusal.of(
            format,
            entry.getKey(),
            "its activations are rounded and the format holds weights only; export to"
                + " compressed-tensors");
      }
    }
  }
}
