package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bitatlas.tensor.ElementType;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/**
 * Brings slices of W into the layout of a kernel: oneDNN's reorder. For 8-bit codes it also appends
 * what corrects the sums where the CPU multiplies unsigned by signed bytes.
 */
final class MatmulPacking implements AutoCloseable {

  private final dnnl_primitive_desc description = new dnnl_primitive_desc();
  private final dnnl_primitive primitive = new dnnl_primitive();
  private final dnnl_stream stream = new dnnl_stream();
  private final Arena arena = Arena.ofConfined();
  private final dnnl_memory from;
  private final dnnl_memory to;
  private final dnnl_exec_arg_t arguments;
  private final MemorySegment slice;

  /**
   * A reorder for slices of one size.
   *
   * @param type of W
   * @param columns output features of a slice
   * @param depth K
   * @param packed layout to bring them into
   */
  MatmulPacking(ElementType type, int columns, int depth, dnnl_memory_desc packed) {
    slice = arena.allocate((long) columns * depth * type.bits() / Byte.SIZE, 64);
    dnnl_memory_desc rowMajor =
        OneDnn.strided(
            type, new long[] {1, depth, columns}, new long[] {(long) depth * columns, 1, depth});
    OneDnn.require(
        dnnl.dnnl_reorder_primitive_desc_create(
            description, rowMajor, OneDnn.engine(), packed, OneDnn.engine(), null),
        "packing of W");
    OneDnn.require(dnnl.dnnl_primitive_create(primitive, description), "packing of W");
    OneDnn.require(
        dnnl.dnnl_stream_create(stream, OneDnn.engine(), dnnl.dnnl_stream_default_flags), "stream");
    from = OneDnn.memory(rowMajor);
    to = OneDnn.memory(packed);
    dnnl.dnnl_memory_desc_destroy(rowMajor);
    arguments = new dnnl_exec_arg_t(new OneDnn.Address().at(arena.allocate(32, 8).address()));
    arguments.getPointer(0).arg(dnnl.DNNL_ARG_FROM).memory(from);
    arguments.getPointer(1).arg(dnnl.DNNL_ARG_TO).memory(to);
  }

  /**
   * Packs one slice.
   *
   * @param rows give the rows of W of the slice [columns x depth]
   * @param first of the slice's rows
   * @param packedAt where the packed slice goes
   */
  void pack(WeightRows rows, int first, long packedAt) {
    rows.read(first, slice);
    OneDnn.require(
        dnnl.dnnl_memory_set_data_handle(from, new OneDnn.Address().at(slice.address())), "slice");
    OneDnn.require(
        dnnl.dnnl_memory_set_data_handle(to, new OneDnn.Address().at(packedAt)), "packed slice");
    OneDnn.require(dnnl.dnnl_primitive_execute(primitive, stream, 2, arguments), "packing of W");
  }

  @Override
  public void close() {
    dnnl.dnnl_memory_destroy(from);
    dnnl.dnnl_memory_destroy(to);
    dnnl.dnnl_stream_destroy(stream);
    dnnl.dnnl_primitive_destroy(primitive);
    dnnl.dnnl_primitive_desc_destroy(description);
    arena.close();
  }
}
