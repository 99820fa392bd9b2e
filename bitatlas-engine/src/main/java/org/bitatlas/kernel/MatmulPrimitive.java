package org.bitatlas.kernel;

import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;

/**
 * oneDNN's matrix product of one shape and one number of rows, compiled; immutable, so any number
 * of threads may execute it, each with its own {@link MatmulCall}.
 *
 * <p>The product is described with a batch dimension of 1: with two dimensions oneDNN runs a scale
 * per row on its reference loop, with three on its fast kernels.
 */
final class MatmulPrimitive implements AutoCloseable {

  private static final int CHANNEL_MASK = 1 << 2;

  private final dnnl_primitive_desc description;
  private final dnnl_primitive primitive = new dnnl_primitive();
  private final dnnl_memory_desc inputLayout;
  private final dnnl_memory_desc outputLayout;
  private final String implementation;

  /**
   * Compiles the product.
   *
   * @param rows M
   * @param packed layout of W; empty leaves it to oneDNN
   * @throws BitAtlasException when oneDNN has no kernel for it, or only its reference loop
   */
  MatmulPrimitive(MatmulShape shape, int rows, Optional<dnnl_memory_desc> packed) {
    long depth = shape.depth();
    long stride = shape.outputStride();
    inputLayout =
        OneDnn.strided(
            shape.input(), new long[] {1, rows, depth}, new long[] {rows * depth, depth, 1});
    outputLayout =
        OneDnn.strided(
            shape.output(),
            new long[] {1, rows, shape.columns()},
            new long[] {rows * stride, stride, 1});
    int threads = OneDnnThreads.enter();
    try {
      description = describe(shape, rows, packed);
      implementation = OneDnn.implementation(description);
      requireFast(shape, rows);
      OneDnn.require(dnnl.dnnl_primitive_create(primitive, description), shape.inWords(rows));
    } catch (RuntimeException refused) {
      destroyLayouts();
      throw refused;
    } finally {
      OneDnnThreads.leave(threads);
    }
  }

  private dnnl_primitive_desc describe(
      MatmulShape shape, int rows, Optional<dnnl_memory_desc> packed) {
    dnnl_primitive_attr attributes = new dnnl_primitive_attr();
    OneDnn.require(dnnl.dnnl_primitive_attr_create(attributes), "attributes");
    dnnl_memory_desc weight =
        packed.orElseGet(() -> OneDnn.free(shape.weight(), 1, shape.depth(), shape.columns()));
    dnnl_memory_desc bias = channelLayout(shape.columns());
    try {
      setAttributes(attributes, shape, rows);
      dnnl_primitive_desc made = new dnnl_primitive_desc();
      int status =
          dnnl.dnnl_matmul_primitive_desc_create(
              made,
              OneDnn.engine(),
              inputLayout,
              weight,
              shape.biased() ? bias : null,
              outputLayout,
              attributes);
      if (status != dnnl.dnnl_success) {
        throw new BitAtlasException(
            "oneDNN %s has no matrix product %s on this CPU; choose a scheme with other types."
                .formatted(OneDnn.version(), shape.inWords(rows)));
      }
      return made;
    } finally {
      dnnl.dnnl_primitive_attr_destroy(attributes);
      dnnl.dnnl_memory_desc_destroy(bias);
      if (packed.isEmpty()) {
        dnnl.dnnl_memory_desc_destroy(weight);
      }
    }
  }

  private static void setAttributes(dnnl_primitive_attr attributes, MatmulShape shape, int rows) {
    // A scratchpad that oneDNN owns would be shared by threads that execute at the same time.
    OneDnn.require(
        dnnl.dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl.dnnl_scratchpad_mode_user),
        "scratchpad");
    if (shape.channelScaled()) {
      OneDnn.require(
          dnnl.dnnl_primitive_attr_set_scales_mask(attributes, dnnl.DNNL_ARG_WEIGHTS, CHANNEL_MASK),
          "scales");
    }
    if (shape.rowScaled()) {
      dnnl_post_ops after = new dnnl_post_ops();
      OneDnn.require(dnnl.dnnl_post_ops_create(after), "post-operations");
      dnnl_memory_desc scales = rowLayout(rows);
      OneDnn.require(
          dnnl.dnnl_post_ops_append_binary(after, dnnl.dnnl_binary_mul, scales), "row scales");
      OneDnn.require(dnnl.dnnl_primitive_attr_set_post_ops(attributes, after), "post-operations");
      dnnl.dnnl_memory_desc_destroy(scales);
      dnnl.dnnl_post_ops_destroy(after);
    }
  }

  private void requireFast(MatmulShape shape, int rows) {
    if (implementation.startsWith("ref")) {
      dnnl.dnnl_primitive_desc_destroy(description);
      throw new BitAtlasException(
          "oneDNN %s runs the matrix product %s on this CPU with its reference loop (%s), hundreds of times slower than its kernels; choose a scheme with other types."
              .formatted(OneDnn.version(), shape.inWords(rows), implementation));
    }
  }

  /** Layout of one value per output feature. To be destroyed by the caller. */
  static dnnl_memory_desc channelLayout(long columns) {
    return OneDnn.strided(
        ElementType.F32, new long[] {1, 1, columns}, new long[] {columns, columns, 1});
  }

  /** Layout of one value per row. To be destroyed by the caller. */
  static dnnl_memory_desc rowLayout(long rows) {
    return OneDnn.strided(ElementType.F32, new long[] {1, rows, 1}, new long[] {rows, 1, 1});
  }

  /** Name of oneDNN's implementation, for example {@code brg_matmul:avx512_core_vnni}. */
  String implementation() {
    return implementation;
  }

  dnnl_primitive primitive() {
    return primitive;
  }

  dnnl_memory_desc inputLayout() {
    return inputLayout;
  }

  dnnl_memory_desc outputLayout() {
    return outputLayout;
  }

  /** Layout of the packed W; it belongs to this primitive. */
  dnnl_memory_desc weightLayout() {
    return dnnl.dnnl_primitive_desc_query_md(description, dnnl.dnnl_query_weights_md, 0);
  }

  /** Layout of the scratch memory of one execution; it belongs to this primitive. */
  dnnl_memory_desc scratchLayout() {
    return dnnl.dnnl_primitive_desc_query_md(description, dnnl.dnnl_query_scratchpad_md, 0);
  }

  @Override
  public void close() {
    dnnl.dnnl_primitive_destroy(primitive);
    dnnl.dnnl_primitive_desc_destroy(description);
    destroyLayouts();
  }

  private void destroyLayouts() {
    dnnl.dnnl_memory_desc_destroy(inputLayout);
    dnnl.dnnl_memory_desc_destroy(outputLayout);
  }
}
