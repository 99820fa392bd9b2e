package org.bitatlas.format.check;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a compressed-tensors section asks for beside its groups of layers: a quantized cache, sparse
 * weights, transforms.
 */
final class CompressedSectionRules {

  private static final String WHERE = "config.json quantization_config.";

  private CompressedSectionRules() {}

  static void check(ObjectNode section, LoaderTarget target, TensorInspection inspection) {
    if (section.path("kv_cache_scheme") instanceof ObjectNode cache
        && !target.is(LoaderTarget.TRANSFORMERS)) {
      cache(cache, inspection.findings());
    }
    if (target.is(LoaderTarget.TRANSFORMERS)) {
      packedZeroPoints(section, inspection.findings());
    }
    String sparsity = section.path("sparsity_config").path("format").asString("dense");
    if (!sparsity.equals("dense") && !hasBitmask(inspection)) {
      inspection
          .findings()
          .fault(
              "configuration",
              WHERE + "sparsity_config",
              "its format is %s, and no weight of the folder is stored that way"
                  .formatted(sparsity),
              "remove sparsity_config, or copy the checkpoint again");
    }
    if (!section.path("transform_config").isEmpty()) {
      inspection
          .findings()
          .warn(
              "configuration",
              WHERE + "transform_config",
              "the loader transforms activations as it says, which is not checked here",
              "none, if the checkpoint is whole");
    }
  }

  /**
   * transformers 5.23.0 creates zero points in another size than compressed-tensors 0.20.0 packs
   * them in, and refuses what the library itself wrote (measured); other versions were not tried.
   */
  private static void packedZeroPoints(ObjectNode section, Findings findings) {
    section
        .path("config_groups")
        .forEachEntry((name, group) -> {
          String format = group.path("format").asString(section.path("format").asString(""));
          if (format.equals("pack-quantized")
              && !group.path("weights").path("symmetric").asBoolean(true)) {
            findings.warn(
                "packed-zero-points",
                WHERE + "config_groups." + name + ".weights.symmetric",
                "transformers 5.23.0 does not load packed zero points, whoever wrote them",
                "quantize with symmetric grids for it; vLLM reads both");
          }
        });
  }

  /** As vLLM's {@code CompressedTensorsKVCacheMethod} tells which caches it has. */
  private static void cache(ObjectNode cache, Findings findings) {
    String where = WHERE + "kv_cache_scheme";
    boolean floats = cache.path("type").asString("").equals("float");
    boolean bytes = cache.path("num_bits").asInt(0) == 8;
    String strategy = cache.path("strategy").asString("none");
    boolean symmetric = cache.path("symmetric").asBoolean(false);
    String remedy = "set kv_cache_scheme to null and serve with a cache of the loader's own";
    if (!(floats || bytes) || !strategy.equals("tensor") || !symmetric) {
      findings.fault(
          "configuration",
          where,
          "it asks for %s bits, type %s, strategy %s%s; the loader has float, 8 bits, one scale per tensor, symmetric"
              .formatted(
                  text(cache.path("num_bits")),
                  text(cache.path("type")),
                  strategy,
                  symmetric ? ", symmetric" : ", asymmetric"),
          remedy);
    } else if (!floats) {
      findings.wrong(
          "configuration",
          where,
          "it asks for integers, and the loader takes the scales for those of an fp8 cache",
          remedy);
    }
  }

  private static String text(JsonNode value) {
    return value.asString("no");
  }

  private static boolean hasBitmask(TensorInspection inspection) {
    return inspection.holds(name -> name.endsWith(".bitmask"));
  }
}
