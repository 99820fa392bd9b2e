package org.bitatlas.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.quant.method.Recipe;
import picocli.CommandLine.Option;

/**
 * A recipe on the command line: the options most often given have their own names, all others go
 * through {@code --option}.
 */
final class RecipeOptions {

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      required = true,
      description =
          "rtn (round to nearest), gptq, gptaq, billm, slim-llm, awq, smoothquant, flatquant; a"
              + " transform and a rounding: awq+gptq, smoothquant+gptq, flatquant+gptq, ...; or a"
              + " recipe by its name: w4a8-ascend, w4a4-ascend.")
  String method = "";

  @Option(
      names = "--bits",
      paramLabel = "N",
      description =
          "Weight bits, 1 to 8; billm is always 1. 'adaptive': 2 to 8 for each layer, by the damage"
              + " it does, under --budget.")
  Optional<String> bits = Optional.empty();

  @Option(
      names = "--budget",
      paramLabel = "BUDGET",
      description =
          "With --bits adaptive: bits per weight, such as 3.0 (the bytes of the same method with 3"
              + " bits everywhere), bytes of the whole model, such as 2.5MiB, or, with --target, a"
              + " speed of decoding, such as '18 tok/s', which is predicted.")
  Optional<String> budget = Optional.empty();

  @Option(
      names = "--target",
      paramLabel = "NAME",
      description =
          "With --bits adaptive: only what is loaded there, such as ascend-910b, or a stack of it,"
              + " such as ascend-910b/vllm-ascend@0.26.0rc1.")
  Optional<String> target = Optional.empty();

  @Option(
      names = "--group-size",
      paramLabel = "N",
      description =
          "Columns that share a scale; 0: one scale per output channel (default: the method's).")
  Optional<Integer> groupSize = Optional.empty();

  @Option(
      names = "--sym",
      negatable = true,
      description = "Symmetric grid, or with --no-sym an asymmetric one (default: the method's).")
  Optional<Boolean> symmetric = Optional.empty();

  @Option(names = "--mse", description = "Search the range with the least error.")
  boolean meanSquaredError;

  @Option(names = "--act-order", description = "GPTQ, GPTAQ: columns by falling activation size.")
  boolean actOrder;

  @Option(names = "--static-groups", description = "GPTQ, GPTAQ: fit all groups before the sweep.")
  boolean staticGroups;

  @Option(names = "--true-sequential", description = "GPTQ: one projection after the other.")
  boolean trueSequential;

  @Option(
      names = "--damp",
      paramLabel = "F",
      description = "Damping as a fraction of the mean diagonal (default: 0.01).")
  Optional<Double> damping = Optional.empty();

  @Option(
      names = "--a-bits",
      paramLabel = "N",
      description =
          "Bits of the inputs of linear layers, 2 to 8; 16: float (default: the method's).")
  Optional<Integer> activationBits = Optional.empty();

  @Option(
      names = "--kv-bits",
      paramLabel = "N",
      description = "Bits of the key-value cache, 2 to 8; 16: float (default: the method's).")
  Optional<Integer> cacheBits = Optional.empty();

  @Option(
      names = "--embedding",
      paramLabel = "SCHEME",
      description = "Embedding: float (default), 8, or bits with a group such as 4g32.")
  Optional<String> embedding = Optional.empty();

  @Option(
      names = "--head",
      paramLabel = "SCHEME",
      description = "Head: float (default), 8, or bits with a group such as 4g32.")
  Optional<String> head = Optional.empty();

  @Option(
      names = "--exclude",
      paramLabel = "NAME,..",
      description = "Linear layers that stay float: parts of their names, such as down_proj.")
  Optional<String> excluded = Optional.empty();

  @Option(
      names = "--profile",
      paramLabel = "PROFILE",
      description = "Whose defaults: reference (default), vllm or ascend.")
  Optional<String> profile = Optional.empty();

  @Option(names = "--quirks", description = "Repeat the reference repositories' oddities.")
  boolean quirks;

  @Option(
      names = "--option",
      paramLabel = "NAME=VALUE",
      description =
          "Any other option by its name in a study file, such as alpha=0.85; may be repeated.")
  Map<String, String> others = new LinkedHashMap<>();

  /** The recipe. */
  Recipe recipe() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("method", method);
    bits.ifPresent(value -> options.put("bits", value));
    budget.ifPresent(value -> options.put("budget", value));
    target.ifPresent(value -> options.put("target", value));
    groupSize.ifPresent(value -> options.put("group_size", value));
    symmetric.ifPresent(value -> options.put("sym", value));
    flag(options, "mse", meanSquaredError);
    flag(options, "act_order", actOrder);
    flag(options, "static_groups", staticGroups);
    flag(options, "true_sequential", trueSequential);
    damping.ifPresent(value -> options.put("percdamp", value));
    activationBits.ifPresent(value -> options.put("a_bits", value));
    cacheBits.ifPresent(value -> options.put("kv_bits", value));
    embedding.ifPresent(value -> options.put("embedding", value));
    head.ifPresent(value -> options.put("head", value));
    excluded.ifPresent(value -> options.put("exclude", value));
    profile.ifPresent(value -> options.put("profile", value));
    flag(options, "quirks", quirks);
    others.forEach((name, value) -> {
      if (options.putIfAbsent(name, value) != null) {
        throw new UsageException("--option " + name + " is given twice; remove one of them.");
      }
    });
    return Recipe.parse(options);
  }

  /** An option of one method is passed on only where it was given, so that the others refuse it. */
  private static void flag(Map<String, Object> options, String name, boolean given) {
    if (given) {
      options.put(name, true);
    }
  }
}
