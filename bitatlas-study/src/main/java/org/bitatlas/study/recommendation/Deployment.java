package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.format.support.DeviceFamily;
import org.bitatlas.format.support.Judgement;
import org.bitatlas.format.support.LayerScheme;
import org.bitatlas.format.support.MixingRules;
import org.bitatlas.format.support.ServingStack;
import org.bitatlas.format.support.StackVersion;
import org.bitatlas.format.support.SupportedScheme;
import org.bitatlas.model.Architecture;
import org.bitatlas.quant.method.FlatForm;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.study.target.HardwareTarget;
import org.bitatlas.study.target.RecipeMix;

/**
 * A way to serve a setting.
 *
 * @param stack serving stack
 * @param version its version
 * @param format of the checkpoint; empty for the float model
 * @param schemes what the stack calls the layers' schemes; empty for the float model
 */
public record Deployment(
    ServingStack stack,
    StackVersion version,
    Optional<FormatName> format,
    List<SupportedScheme> schemes) {

  /** In words, for example {@code vLLM-Ascend main, modelslim W8A8_DYNAMIC}. */
  public String words() {
    String names =
        schemes.stream().map(SupportedScheme::name).distinct().collect(Collectors.joining(" and "));
    return stack.title()
        + " "
        + version
        + format.map(name -> ", " + name.label() + " " + names).orElse(", float");
  }

  /**
   * Every way, or what is in the way of each stack.
   *
   * @param ways in the order of the target's stacks
   * @param objections a phrase per stack that does not load it
   */
  record Ways(List<Deployment> ways, List<String> objections) {}

  static Ways of(
      Setting setting, Architecture architecture, HardwareTarget target, CapabilityTable table) {
    List<Deployment> ways = new ArrayList<>();
    List<String> objections = new ArrayList<>();
    List<String> simulated = setting.unservable(architecture);
    if (!simulated.isEmpty()) {
      return new Ways(List.of(), simulated);
    }
    for (HardwareTarget.Stack asked : target.stacks()) {
      ServingStack stack = table.stack(asked.name());
      StackVersion version = stack.version(asked.version());
      String name = stack.title() + " " + version;
      Optional<String> refused = refused(setting, architecture, stack);
      if (refused.isPresent()) {
        objections.add(name + ": " + refused.get());
      } else if (setting.isFloat()) {
        if (stack.commands().containsKey("float")) {
          ways.add(new Deployment(stack, version, Optional.empty(), List.of()));
        } else {
          objections.add(name + ": float models are not in the table");
        }
      } else {
        quantized(setting, architecture, stack, version, target.family(), ways)
            .ifPresent(objection -> objections.add(name + ": " + objection));
      }
    }
    return new Ways(List.copyOf(ways), List.copyOf(objections));
  }

  private static Optional<String> refused(
      Setting setting, Architecture architecture, ServingStack stack) {
    if (!stack.models().containsKey(architecture.family())) {
      return Optional.of("does not list " + architecture.family());
    }
    if (setting.quantizesTables() && !stack.quantizedTables()) {
      return Optional.of("embedding and head must stay float");
    }
    return Optional.empty();
  }

  /** The one scheme with transforms, vLLM-Ascend's, does not hold all that FlatQuant can learn. */
  private static Optional<String> flatQuant(Recipe recipe) {
    boolean held =
        !(recipe.transform() instanceof Transform.FlatQuant flat)
            || (flat.form().clip() == FlatForm.ASCEND.clip()
                && flat.form().output() == FlatForm.ASCEND.output());
    return held
        ? Optional.empty()
        : Optional.of(
            "it holds one clip per input and two factors for o_proj, which recipe w4a4-ascend"
                + " learns");
  }

  /** Adds a way per format that takes all layers; or the objection of the nearest scheme. */
  private static Optional<String> quantized(
      Setting setting,
      Architecture architecture,
      ServingStack stack,
      StackVersion version,
      DeviceFamily device,
      List<Deployment> ways) {
    List<List<Judgement>> judged = new ArrayList<>();
    for (LayerScheme layer : setting.layers(architecture)) {
      judged.add(stack.judge(layer, version, device));
    }
    Set<FormatName> formats = new LinkedHashSet<>();
    judged.forEach(layer ->
        layer.stream()
            .filter(Judgement::loads)
            .forEach(judgement -> formats.addAll(judgement.scheme().formats())));
    int before = ways.size();
    List<String> apart = new ArrayList<>();
    for (FormatName format : formats) {
      MixingRules rules = MixingRules.of(format, stack, version);
      Optional<String> mix =
          setting
              .recipe()
              .flatMap(recipe ->
                  RecipeMix.objection(rules, recipe, architecture).or(() -> flatQuant(recipe)));
      if (mix.isPresent()) {
        apart.add(mix.get());
        continue;
      }
      List<SupportedScheme> schemes = new ArrayList<>();
      for (List<Judgement> layer : judged) {
        layer.stream()
            .filter(judgement -> judgement.loads() && judgement.scheme().formats().contains(format))
            .findFirst()
            .ifPresent(judgement -> schemes.add(judgement.scheme()));
      }
      if (schemes.size() == judged.size()) {
        ways.add(
            new Deployment(
                stack, version, Optional.of(format), schemes.stream().distinct().toList()));
      }
    }
    if (ways.size() > before || judged.isEmpty()) {
      return Optional.empty();
    }
    if (judged.stream().allMatch(layer -> layer.stream().anyMatch(Judgement::loads))
        && !apart.isEmpty()) {
      return Optional.of(String.join(", and ", apart));
    }
    return judged.stream()
        .map(layer ->
            layer.stream()
                .min(Comparator.comparing(judgement -> judgement.objections().size()))
                .orElseThrow())
        .max(Comparator.comparing(judgement -> judgement.objections().size()))
        .map(nearest ->
            "%s takes it not: %s"
                .formatted(nearest.scheme().name(), String.join(", ", nearest.objections())));
  }
}
