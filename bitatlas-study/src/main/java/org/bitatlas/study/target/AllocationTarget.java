package org.bitatlas.study.target;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.format.support.Judgement;
import org.bitatlas.format.support.LayerScheme;
import org.bitatlas.format.support.MixingRules;
import org.bitatlas.format.support.ServingStack;
import org.bitatlas.format.support.StackVersion;
import org.bitatlas.format.support.SupportedScheme;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.allocation.SchemeSupport;
import org.bitatlas.quant.allocation.ServingRules;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The ways in which a target serves what an adaptive recipe may become: one per serving stack and
 * version of the target and per format it reads. What loads is the capability table's word, and
 * what may be mixed that of {@link MixingRules}; times are the roofline's.
 */
public final class AllocationTarget {
  private static final Pattern FORM = Pattern.compile("(.+?\\.ya?ml|[^/]+)(?:/(.+))?");

  private final Recipe recipe;
  private final BitAllocation.Adaptive wanted;
  private final Architecture architecture;
  private final HardwareTarget target;
  private final boolean named;

  private AllocationTarget(
      Recipe recipe,
      BitAllocation.Adaptive wanted,
      Architecture architecture,
      HardwareTarget target,
      boolean named) {
    this.recipe = recipe;
    this.wanted = wanted;
    this.architecture = architecture;
    this.target = target;
    this.named = named;
  }

  /**
   * The ways for a recipe; {@link ServingRules#ANYTHING} for one that names no target.
   *
   * @throws BitAtlasException when there is no such target or stack, or it computes nothing of what
   *     the recipe does
   */
  public static List<ServingRules> ways(Recipe recipe, Architecture architecture) {
    if (!(recipe.allocation() instanceof BitAllocation.Adaptive wanted)
        || wanted.target().isEmpty()) {
      return List.of(ServingRules.ANYTHING);
    }
    Matcher matcher = FORM.matcher(wanted.target().get());
    if (!matcher.matches()) {
      throw new BitAtlasException(
          "A recipe has the target '%s'; give a name such as ascend-910b, or a name and a stack such as ascend-910b/vllm-ascend@0.26.0rc1."
              .formatted(wanted.target().get()));
    }
    HardwareTarget target = TargetCatalog.find(matcher.group(1));
    Optional<String> stack = Optional.ofNullable(matcher.group(2));
    List<String> simulated = RecipeSchemes.simulatedOnly(recipe);
    if (!simulated.isEmpty()) {
      throw new BitAtlasException(
          "No allocation of bits is loaded on %s: %s; leave that out of the recipe."
              .formatted(target.name(), String.join("; ", simulated)));
    }
    AllocationTarget ways =
        new AllocationTarget(recipe, wanted, architecture, target, stack.isPresent());
    return stacks(target, stack).stream().flatMap(asked -> ways.of(asked).stream()).toList();
  }

  /** The stacks of the target, or the one that is named, perhaps in another version. */
  private static List<HardwareTarget.Stack> stacks(HardwareTarget target, Optional<String> stack) {
    if (stack.isEmpty()) {
      return target.stacks();
    }
    String[] parts = stack.get().split("@", 2);
    if (parts.length == 2) {
      return List.of(new HardwareTarget.Stack(parts[0], parts[1]));
    }
    List<HardwareTarget.Stack> stacks =
        target.stacks().stream().filter(known -> known.name().equals(parts[0])).toList();
    if (stacks.isEmpty()) {
      throw new BitAtlasException(
          "The target %s names no serving stack '%s'; it has %s, or give another with its version, such as vllm@main."
              .formatted(
                  target.name(),
                  parts[0],
                  target.stacks().stream()
                      .map(HardwareTarget.Stack::name)
                      .distinct()
                      .collect(Collectors.joining(", "))));
    }
    return stacks;
  }

  private List<ServingRules> of(HardwareTarget.Stack asked) {
    ServingStack stack = CapabilityTable.bundled().stack(asked.name());
    StackVersion version = stack.version(asked.version());
    String name = stack.title() + " " + version;
    if (!stack.models().containsKey(architecture.family())) {
      return List.of(refusing(name, "it does not list " + architecture.family()));
    }
    Set<FormatName> formats = new LinkedHashSet<>();
    stack.schemes().stream()
        .filter(scheme ->
            scheme.layers() == SupportedScheme.Layers.LINEAR
                && scheme.devices().contains(target.family())
                && scheme.versions().contains(version)
                && (named || !scheme.dense()))
        .forEach(scheme -> formats.addAll(scheme.formats()));
    if (formats.isEmpty()) {
      return List.of(
          refusing(
              name, "it computes no quantized layers on %s".formatted(target.family().label())));
    }
    List<ServingRules> ways = new ArrayList<>();
    for (FormatName format : formats) {
      ways.addAll(of(new Reading(stack, version, format), name + ", " + format.label()));
    }
    return ways;
  }

  private ServingRules refusing(String name, String reason) {
    return new ServingRules(
        name,
        _ -> true,
        (_, _) -> Optional.of(reason),
        List.of(),
        Optional.of(time(FormatName.GGUF, false)));
  }

  /** A stack in a version that reads a format. */
  private record Reading(ServingStack stack, StackVersion version, FormatName format) {

    MixingRules mixing() {
      return MixingRules.of(format, stack, version);
    }
  }

  /** One way, or several where the layers of a checkpoint must have something in common. */
  private List<ServingRules> of(Reading reading, String name) {
    MixingRules mixing = reading.mixing();
    boolean dense =
        reading.stack().schemes().stream()
            .anyMatch(scheme -> scheme.dense() && scheme.formats().contains(reading.format()));
    SchemeSupport support = (module, scheme) -> objection(reading, module, scheme);
    PredictedDecoding time = time(reading.format(), dense);
    List<ServingRules> ways = new ArrayList<>();
    if (!mixing.mixes()) {
      for (int groupSize : wanted.groupSizes()) {
        for (int bits : wanted.bits()) {
          LayerChoice all = new LayerChoice(bits, groupSize);
          ways.add(rules(name + ", " + all + " everywhere", all::equals, support, mixing, time));
        }
      }
      return ways;
    }
    List<Integer> sizes = wanted.groupSizes().stream().filter(size -> size > 0).toList();
    if (!mixing.oneGroupSize() || sizes.size() < 2) {
      return List.of(rules(name, _ -> true, support, mixing, time));
    }
    for (int size : sizes) {
      ways.add(
          rules(
              name + ", groups of " + size,
              choice -> choice.groupSize() == 0 || choice.groupSize() == size,
              support,
              mixing,
              time));
    }
    return ways;
  }

  private static ServingRules rules(
      String name,
      Predicate<LayerChoice> offered,
      SchemeSupport support,
      MixingRules mixing,
      PredictedDecoding time) {
    return new ServingRules(
        name,
        offered,
        support,
        mixing.fused().stream().map(FusedModules::parts).toList(),
        Optional.of(time));
  }

  private PredictedDecoding time(FormatName format, boolean dense) {
    return new PredictedDecoding(
        target,
        architecture,
        format,
        RecipeSchemes.inputs(recipe),
        wanted.bits().getLast(),
        dense,
        Workload.DEFAULT);
  }

  private Optional<String> objection(Reading reading, String module, WeightScheme scheme) {
    boolean table =
        module.equals(QuantizedCheckpoint.EMBEDDING) || module.equals(QuantizedCheckpoint.HEAD);
    if (table && !reading.stack().quantizedTables()) {
      return Optional.of("embedding and head must stay float");
    }
    int columns =
        table ? architecture.hiddenSize() : architecture.inputFeatures(projection(module));
    LayerScheme layer =
        table
            ? RecipeSchemes.ofTable(scheme)
            : RecipeSchemes.of(recipe, scheme, architecture.hasBias(projection(module)));
    List<Judgement> judgements =
        reading.stack().judge(layer, reading.version(), target.family()).stream()
            .filter(judgement -> judgement.scheme().formats().contains(reading.format()))
            .filter(judgement -> named || !judgement.scheme().dense())
            .toList();
    Optional<String> refused =
        judgements.stream()
            .min(Comparator.comparing(judgement -> judgement.objections().size()))
            .filter(judgement -> !judgement.loads())
            .map(nearest ->
                "%s takes %s"
                    .formatted(
                        nearest.scheme().name(), String.join(" and ", nearest.objections())));
    return refused.or(() ->
        reading.mixing().objection(columns, scheme.groupSize(), RecipeSchemes.scattered(recipe)));
  }

  private static Projection projection(String module) {
    return Projection.ofModule(module)
        .orElseThrow(() -> new IllegalArgumentException("no linear layer: " + module));
  }
}
