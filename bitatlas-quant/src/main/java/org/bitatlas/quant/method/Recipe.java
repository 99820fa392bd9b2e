package org.bitatlas.quant.method;

import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A quantization method as data: a transform, then rounding on a grid. Methods compose: AWQ is a
 * transform in front of round to nearest, and may stand in front of GPTQ as well.
 *
 * @param profile whose defaults were taken; decides the type scales are stored in
 * @param quirks whether known oddities of the reference repositories are repeated (docs/methods)
 * @param weights the grid of the linear layers' weights
 * @param transform what is done in front of rounding
 * @param rounding how codes are chosen
 * @param activations rounding of activations and key-value cache
 * @param embedding how the embedding is stored
 * @param head how the head is stored
 * @param excluded linear layers that stay float: names or parts of them, for example {@code
 *     down_proj} or {@code layers.0.}
 * @param position how far the recipe goes
 * @param allocation which linear layers have other bits than {@code weights} says
 */
public record Recipe(
    Profile profile,
    boolean quirks,
    WeightScheme weights,
    Transform transform,
    Rounding rounding,
    ActivationPolicy activations,
    TableScheme embedding,
    TableScheme head,
    List<String> excluded,
    Position position,
    BitAllocation allocation) {

  /**
   * Checks that the parts go together.
   *
   * @throws BitAtlasException naming what does not fit
   */
  public Recipe {
    excluded = List.copyOf(excluded);
    RecipeRules.check(weights, transform, rounding, activations);
    if (allocation instanceof BitAllocation.PerLayer perLayer) {
      for (LayerScheme scheme : perLayer.schemes()) {
        RecipeRules.check(scheme.on(weights), transform, rounding, activations);
      }
    }
  }

  /** Weight-only, with the reference's defaults and without its quirks. */
  public static Recipe of(WeightScheme weights, Transform transform, Rounding rounding) {
    return new Recipe(
        Profile.REFERENCE,
        false,
        weights,
        transform,
        rounding,
        ActivationPolicy.NONE,
        TableScheme.FLOAT,
        TableScheme.FLOAT,
        List.of(),
        Position.QUANTIZED,
        new BitAllocation.Uniform());
  }

  /** Weight-only rounding without a transform. */
  public static Recipe of(WeightScheme weights, Rounding rounding) {
    return of(weights, new Transform.None(), rounding);
  }

  /** Round to nearest on the reference's asymmetric grid. */
  public static Recipe rtn(int bits, int groupSize) {
    return rtn(bits, groupSize, Grid.GPTQ_ASYMMETRIC);
  }

  /** Round to nearest on a grid. */
  public static Recipe rtn(int bits, int groupSize, Grid grid) {
    return of(WeightScheme.of(bits, groupSize, grid), new Rounding.Nearest());
  }

  /** GPTQ with the reference's defaults on its asymmetric grid. */
  public static Recipe gptq(int bits, int groupSize) {
    return gptq(bits, groupSize, Grid.GPTQ_ASYMMETRIC, Rounding.Gptq.DEFAULT);
  }

  /** GPTQ. */
  public static Recipe gptq(int bits, int groupSize, Grid grid, Rounding.Gptq options) {
    return of(WeightScheme.of(bits, groupSize, grid), options);
  }

  /** The same recipe with the references' quirks, or without. */
  public Recipe withQuirks(boolean repeated) {
    return changed(parts -> parts.quirks = repeated);
  }

  /** The same recipe with other rounding of activations. */
  public Recipe withActivations(ActivationPolicy policy) {
    return changed(parts -> parts.activations = policy);
  }

  /** The same recipe at another position. */
  public Recipe at(Position other) {
    return changed(parts -> parts.position = other);
  }

  /** The same recipe with bits given out otherwise. */
  public Recipe with(BitAllocation other) {
    return changed(parts -> parts.allocation = other);
  }

  /** The same recipe with another grid for all layers. */
  public Recipe with(WeightScheme scheme) {
    return changed(parts -> {
      parts.weights = scheme;
      parts.allocation = new BitAllocation.Uniform();
    });
  }

  /** The same recipe with embedding and head stored as {@code table} says. */
  public Recipe withTables(TableScheme table) {
    return changed(parts -> parts.tables(table));
  }

  /** The same rounding without a transform in front of it and without rounding of activations. */
  public Recipe roundingOnly() {
    return changed(parts -> {
      parts.transform = new Transform.None();
      parts.activations = ActivationPolicy.NONE;
      parts.tables(TableScheme.FLOAT);
      parts.position = Position.QUANTIZED;
      parts.allocation = new BitAllocation.Uniform();
    });
  }

  /** Embedding and head stored as {@code table} says, and all layers of the blocks in float. */
  public static Recipe tablesOnly(TableScheme table) {
    return rtn(8, 0, Grid.QUAROT_SYMMETRIC)
        .changed(parts -> {
          parts.tables(table);
          parts.excluded = List.of("model.layers.");
        });
  }

  private Recipe changed(Consumer<Parts> change) {
    Parts parts = new Parts(this);
    change.accept(parts);
    return parts.recipe();
  }

  /**
   * The recipe as it is for one linear layer: its bits and group size for {@code weights}.
   *
   * @param module name of the layer
   */
  public Recipe of(String module) {
    return allocation instanceof BitAllocation.PerLayer ? with(weightsOf(module)) : this;
  }

  /** The grid of a linear layer. */
  public WeightScheme weightsOf(String module) {
    WeightScheme scheme = weights;
    if (allocation instanceof BitAllocation.PerLayer perLayer) {
      for (LayerScheme layer : perLayer.schemes()) {
        if (module.contains(layer.part())) {
          scheme = layer.on(weights);
        }
      }
    }
    return scheme;
  }

  /**
   * A recipe from options as the papers' repositories name them; {@link RecipeReader} lists them.
   * {@code method} is one of rtn, gptq, gptaq, billm, slim-llm, awq, smoothquant, flatquant, or a
   * transform and a rounding joined by {@code +}, for example {@code awq+gptq}.
   *
   * @throws BitAtlasException naming the option that is unknown, missing, doubled or malformed
   */
  public static Recipe parse(Map<String, ?> options) {
    return RecipeReader.read(options);
  }

  /** Weight bits. */
  public int bits() {
    return weights.bits();
  }

  /** Columns that share a scale; 0 for one scale per output channel. */
  public int groupSize() {
    return weights.groupSize();
  }

  /** How scales are fitted. */
  public Grid grid() {
    return weights.grid();
  }

  /** Whether the recipe needs calibration data. */
  public boolean needsCalibration() {
    return !(rounding instanceof Rounding.Nearest)
        || allocation instanceof BitAllocation.Adaptive
        || !(transform instanceof Transform.None)
        || activations.needsCalibration();
  }

  /** Whether a linear layer stays float. */
  public boolean excludes(String module) {
    return excluded.stream().anyMatch(module::contains);
  }

  /** Name of the method, for example {@code GPTQ} or {@code AWQ+GPTQ}. */
  public String method() {
    String first = transformName();
    if (first.isEmpty()) {
      return roundingName();
    }
    return rounding instanceof Rounding.Nearest ? first : first + "+" + roundingName();
  }

  private String transformName() {
    return switch (transform) {
      case Transform.None _ -> "";
      case Transform.SmoothQuant _ -> "SmoothQuant";
      case Transform.Awq _ -> "AWQ";
      case Transform.FlatQuant _ -> "FlatQuant";
    };
  }

  private String roundingName() {
    return switch (rounding) {
      case Rounding.Nearest _ -> "RTN";
      case Rounding.Gptq _ -> "GPTQ";
      case Rounding.Gptaq _ -> "GPTAQ";
      case Rounding.Billm _ -> "BiLLM";
      case Rounding.SlimLlm _ -> "SliM-LLM";
    };
  }

  /** Bits as papers write them, for example {@code W4}, {@code W8A8} or {@code W4A4KV4}. */
  public String widths() {
    StringBuilder widths =
        new StringBuilder("W")
            .append(
                allocation instanceof BitAllocation.Adaptive adaptive
                    ? adaptive.budget().id()
                    : Integer.toString(bits()));
    if (activations.bits() != ActivationPolicy.FLOAT_BITS) {
      widths.append('A').append(activations.bits());
    }
    if (activations.keyBits() == activations.valueBits()) {
      if (activations.keyBits() != ActivationPolicy.FLOAT_BITS) {
        widths.append("KV").append(activations.keyBits());
      }
    } else {
      widths.append('K').append(activations.keyBits()).append('V').append(activations.valueBits());
    }
    return widths.toString();
  }

  /**
   * Method, widths and group, for example {@code GPTQ W4 g32}; profile and quirks where they are
   * not the default.
   */
  public String brief() {
    return method()
        + " "
        + widths()
        + (groupSize() > 0 ? " g" + groupSize() : "")
        + (allocation instanceof BitAllocation.Adaptive ? " adaptive" : "")
        + (position == Position.TRANSFORMED ? " transformed" : "")
        + (profile == Profile.REFERENCE ? "" : " " + profile.id())
        + (quirks ? " quirks" : "");
  }

  /** Short name for tables; {@link #brief()} and whatever differs from the method's defaults. */
  public String label() {
    return RecipeLabel.of(this);
  }

  /** All options with their values, in a fixed order: goes into provenance and record keys. */
  public SequencedMap<String, String> describe() {
    return RecipeDescription.of(this);
  }

  /** A recipe's components while another is made of them; checked when that one is complete. */
  private static final class Parts {
    private final Profile profile;
    private boolean quirks;
    private WeightScheme weights;
    private Transform transform;
    private final Rounding rounding;
    private ActivationPolicy activations;
    private TableScheme embedding;
    private TableScheme head;
    private List<String> excluded;
    private Position position;
    private BitAllocation allocation;

    Parts(Recipe recipe) {
      profile = recipe.profile;
      quirks = recipe.quirks;
      weights = recipe.weights;
      transform = recipe.transform;
      rounding = recipe.rounding;
      activations = recipe.activations;
      embedding = recipe.embedding;
      head = recipe.head;
      excluded = recipe.excluded;
      position = recipe.position;
      allocation = recipe.allocation;
    }

    void tables(TableScheme table) {
      embedding = table;
      head = table;
    }

    Recipe recipe() {
      return new Recipe(
          profile,
          quirks,
          weights,
          transform,
          rounding,
          activations,
          embedding,
          head,
          excluded,
          position,
          allocation);
    }
  }
}
