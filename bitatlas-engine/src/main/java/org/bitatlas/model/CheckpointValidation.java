package org.bitatlas.model;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/** Compares the tensors of a checkpoint with those its architecture needs. */
public final class CheckpointValidation {

  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final String FREQUENCIES = ".rotary_emb.inv_freq";
  private static final Set<ElementType> FLOAT_TYPES =
      Set.copyOf(EnumSet.of(ElementType.F16, ElementType.BF16, ElementType.F32, ElementType.F64));

  /** Endings of the tensors by which other tools store quantized weights. */
  private static final List<String> QUANTIZED_ENDINGS =
      List.of(".qweight", ".weight_packed", ".weight_scale", ".weight_scale_inv", ".weight_offset");

  private CheckpointValidation() {}

  /** Names and shapes of all tensors of a float checkpoint, in the order of the forward pass. */
  public static SequencedMap<String, List<Long>> expectedTensors(Architecture architecture) {
    SequencedMap<String, List<Long>> expected = new LinkedHashMap<>();
    long hidden = architecture.hiddenSize();
    long vocabulary = architecture.vocabularySize();
    expected.put(EMBEDDING, List.of(vocabulary, hidden));
    for (int layer = 0; layer < architecture.layers(); layer++) {
      String block = "model.layers." + layer + ".";
      expected.put(block + "input_layernorm.weight", List.of(hidden));
      for (Projection projection : Projection.values()) {
        if (projection == Projection.GATE) {
          expected.put(block + "post_attention_layernorm.weight", List.of(hidden));
        }
        long rows = architecture.outputFeatures(projection);
        long columns = architecture.inputFeatures(projection);
        expected.put(projection.module(layer) + ".weight", List.of(rows, columns));
        if (architecture.hasBias(projection)) {
          expected.put(projection.module(layer) + ".bias", List.of(rows));
        }
      }
    }
    expected.put("model.norm.weight", List.of(hidden));
    if (!architecture.tiedEmbeddings()) {
      expected.put(HEAD, List.of(vocabulary, hidden));
    }
    return expected;
  }

  /**
   * Checks that a checkpoint holds every tensor of the architecture in its shape and in a float
   * type, and nothing else but {@code rotary_emb.inv_freq} (recomputed, so skipped) and, with tied
   * embeddings, a head equal to the embedding.
   *
   * @throws BitAtlasException that lists all missing, unexpected and unusable tensors by name
   */
  public static void check(Architecture architecture, Checkpoint checkpoint) {
    check(architecture, checkpoint, Set.of(), Set.of());
  }

  /**
   * As {@link #check(Architecture, Checkpoint)} for the folder of a quantized checkpoint: the
   * weights of its linears are not asked for, and its own tensors are expected. Checks too that it
   * names modules of this architecture only.
   *
   * @throws BitAtlasException that lists what is missing, unexpected, unusable or of another model
   */
  public static void check(
      Architecture architecture, Checkpoint checkpoint, QuantizedCheckpoint quantized) {
    QuantizedFit.check(architecture, quantized);
    check(architecture, checkpoint, quantized.linears().keySet(), quantized.storedTensors());
  }

  private static void check(
      Architecture architecture,
      Checkpoint checkpoint,
      Set<String> modulesHeldElsewhere,
      Set<String> storedForThem) {
    SequencedMap<String, List<Long>> expected = expectedTensors(architecture);
    List<String> missing = new ArrayList<>();
    List<String> unusable = new ArrayList<>();
    for (Map.Entry<String, List<Long>> entry : expected.entrySet()) {
      String name = entry.getKey();
      if (name.endsWith(".weight") && modulesHeldElsewhere.contains(module(name))) {
        continue;
      }
      Optional<StoredTensor> found = checkpoint.find(name);
      if (found.isEmpty()) {
        missing.add(name);
      } else {
        problem(found.get(), entry.getValue()).ifPresent(unusable::add);
      }
    }
    List<String> extra = new ArrayList<>();
    for (String name : checkpoint.names()) {
      boolean known =
          expected.containsKey(name) || name.endsWith(FREQUENCIES) || storedForThem.contains(name);
      if (!known && architecture.tiedEmbeddings() && name.equals(HEAD)) {
        // A copy of an embedding that is now codes cannot be compared; it is never read.
        if (!modulesHeldElsewhere.contains(module(EMBEDDING))) {
          tiedHeadProblem(checkpoint).ifPresent(unusable::add);
        }
      } else if (!known) {
        extra.add(name);
      }
    }
    if (!missing.isEmpty() || !extra.isEmpty() || !unusable.isEmpty()) {
      throw new BitAtlasException(message(architecture, checkpoint, missing, extra, unusable));
    }
  }

  private static String module(String tensor) {
    int dot = tensor.lastIndexOf('.');
    return dot < 0 ? tensor : tensor.substring(0, dot);
  }

  private static Optional<String> problem(StoredTensor tensor, List<Long> shape) {
    if (!tensor.shape().equals(shape)) {
      return Optional.of(tensor.name() + " (shape " + tensor.shape() + ", not " + shape + ")");
    }
    if (!FLOAT_TYPES.contains(tensor.type())) {
      return Optional.of(
          tensor.name() + " (type " + tensor.type() + ", not BF16, F16, F32 or F64)");
    }
    return Optional.empty();
  }

  private static Optional<String> tiedHeadProblem(Checkpoint checkpoint) {
    StoredTensor head = checkpoint.get(HEAD);
    Optional<StoredTensor> embedding = checkpoint.find(EMBEDDING);
    boolean equal =
        embedding.isPresent()
            && head.type() == embedding.get().type()
            && head.shape().equals(embedding.get().shape())
            && head.data().mismatch(embedding.get().data()) < 0;
    return equal
        ? Optional.empty()
        : Optional.of(HEAD + " (differs from " + EMBEDDING + ", though the embeddings are tied)");
  }

  private static String message(
      Architecture architecture,
      Checkpoint checkpoint,
      List<String> missing,
      List<String> extra,
      List<String> unusable) {
    List<String> parts = new ArrayList<>();
    listed(parts, "missing", missing);
    listed(parts, "unexpected", extra);
    listed(parts, "unusable", unusable);
    boolean quantized =
        extra.stream().anyMatch(name -> QUANTIZED_ENDINGS.stream().anyMatch(name::endsWith));
    return "The checkpoint "
        + checkpoint.folder()
        + " does not match its architecture "
        + architecture.family()
        + ": "
        + String.join("; ", parts)
        + (quantized ? "; it looks already quantized, and a float checkpoint is needed" : "")
        + ".";
  }

  private static void listed(List<String> parts, String kind, List<String> names) {
    if (!names.isEmpty()) {
      parts.add(names.size() + " " + kind + ": " + String.join(", ", names));
    }
  }
}
