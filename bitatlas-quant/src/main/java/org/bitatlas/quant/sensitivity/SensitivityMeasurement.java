package org.bitatlas.quant.sensitivity;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;

/**
 * The damage of each linear layer under each choice, one layer at a time: all others are as the
 * meter's model has them, float or an operating point. Blocks are gone through in order, so that
 * only those from the changed one on are computed again.
 */
public final class SensitivityMeasurement {

  /** Raised when the same model, recipe and texts would give other damages. */
  public static final int BEHAVIOUR_VERSION = 1;

  private SensitivityMeasurement() {}

  /**
   * What decides the numbers of a table.
   *
   * @param recipe without transform; its bits and group size do not matter
   * @param calibration what the recipe is calibrated on
   * @param texts what the damage is measured on
   */
  public static SequencedMap<String, String> settings(
      Source source, Recipe recipe, CalibrationSet calibration, CalibrationSet texts) {
    SequencedMap<String, String> settings = new LinkedHashMap<>();
    settings.put("weights", source.checkpoint().weightsDigest());
    recipe.describe().forEach((option, value) -> settings.put("recipe." + option, value));
    settings.remove("recipe.bits");
    settings.remove("recipe.group_size");
    settings.put("calibration", calibration.digest());
    settings.put("texts", texts.digest());
    settings.put("version.sensitivity", Integer.toString(BEHAVIOUR_VERSION));
    settings.put("version.method", QuantizationPipeline.versions().toString());
    return settings;
  }

  /**
   * Measures what a stored table lacks, and stores it block by block: a run that ends early goes on
   * where it was.
   *
   * @param slots layers in model order with the choices to measure
   * @param store where tables are kept; empty to measure everything
   * @return a table with at least these choices
   */
  public static SensitivityTable measure(
      DivergenceMeter meter,
      List<LayerSlot> slots,
      CandidatePool pool,
      SequencedMap<String, String> settings,
      Optional<SensitivityStore> store,
      SensitivityListener listener) {
    SensitivityTable kept =
        store
            .flatMap(folder -> folder.find(settings))
            .orElseGet(() -> new SensitivityTable(settings, List.of()));
    List<LayerDamage> all = new ArrayList<>(kept.damages());
    List<LayerSlot> missing =
        slots.stream()
            .map(slot ->
                slot.with(
                    slot.choices().stream()
                        .filter(choice -> kept.find(slot.module(), choice).isEmpty())
                        .toList()))
            .filter(slot -> !slot.choices().isEmpty())
            .toList();
    sweep(
        meter,
        missing,
        pool,
        "damage of single layers",
        listener,
        damages -> {
          all.addAll(damages);
          store.ifPresent(folder -> folder.put(new SensitivityTable(settings, all)));
        });
    return new SensitivityTable(settings, all);
  }

  /** Told of the damages of a block. */
  public interface BlockListener {
    /** The damages of one block, by layer, then by choice. */
    void measured(List<LayerDamage> damages);
  }

  /**
   * Measures every choice of every slot; afterwards the meter's model is what it was.
   *
   * @param slots in model order
   */
  public static void sweep(
      DivergenceMeter meter,
      List<LayerSlot> slots,
      CandidatePool pool,
      String what,
      SensitivityListener listener,
      BlockListener blocks) {
    int steps = slots.stream().mapToInt(slot -> slot.choices().size()).sum();
    int done = 0;
    int at = 0;
    List<LayerDamage> damages = new ArrayList<>();
    try (DivergenceMeter.Prefix prefix = meter.prefix()) {
      for (LayerSlot slot : slots) {
        if (slot.layer() > at && !damages.isEmpty()) {
          blocks.measured(List.copyOf(damages));
          damages.clear();
        }
        for (; at < slot.layer(); at++) {
          prefix.advance();
        }
        List<float[]> before =
            slot.projections().stream()
                .map(projection -> meter.weight(slot.layer(), projection))
                .toList();
        for (LayerChoice choice : slot.choices()) {
          pool.put(slot, choice, meter);
          damages.add(LayerDamage.of(slot.module(), choice, prefix.measure()));
          listener.measured(what, ++done, steps);
        }
        for (int part = 0; part < before.size(); part++) {
          meter.set(slot.layer(), slot.projections().get(part), before.get(part));
        }
      }
      if (!damages.isEmpty()) {
        blocks.measured(List.copyOf(damages));
      }
    }
  }
}
