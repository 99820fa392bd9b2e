package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.tensor.ElementType;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/**
 * What one execution of a {@link MatmulPrimitive} needs besides the operands: handles, scratch
 * memory, a stream. Made once and used again, by one thread at a time; an execution allocates
 * nothing.
 */
final class MatmulCall implements AutoCloseable {

  private static final int ARGUMENT_BYTES = 16;
  private static final int MAX_ARGUMENTS = 7;
  private static final long PAGE = 4096;

  private final MatmulPrimitive primitive;
  private final dnnl_stream stream = new dnnl_stream();
  private final Arena arena = Arena.ofShared();
  private final dnnl_exec_arg_t arguments;
  private final List<dnnl_memory> handles = new ArrayList<>();
  private final OneDnn.Address address = new OneDnn.Address();

  private final MemorySegment shifted;

  private final dnnl_memory input;
  private final dnnl_memory weight;
  private final dnnl_memory output;
  private final dnnl_memory channelScales;
  private final dnnl_memory bias;
  private final dnnl_memory rowScales;

  MatmulCall(MatmulPrimitive primitive, MatmulShape shape, int rows) {
    this.primitive = primitive;
    OneDnn.require(
        dnnl.dnnl_stream_create(stream, OneDnn.engine(), dnnl.dnnl_stream_default_flags), "stream");
    arguments =
        new dnnl_exec_arg_t(
            new OneDnn.Address()
                .at(arena.allocate((long) MAX_ARGUMENTS * ARGUMENT_BYTES, 8).address()));
    shifted =
        shape.input() == ElementType.U8
            ? arena.allocate((long) rows * shape.depth(), PAGE)
            : MemorySegment.NULL;
    input = argument(dnnl.DNNL_ARG_SRC, primitive.inputLayout());
    weight = argument(dnnl.DNNL_ARG_WEIGHTS, primitive.weightLayout());
    output = argument(dnnl.DNNL_ARG_DST, primitive.outputLayout());
    dnnl_memory_desc scratchLayout = primitive.scratchLayout();
    dnnl_memory scratch = argument(dnnl.DNNL_ARG_SCRATCHPAD, scratchLayout);
    long bytes = Math.max(1, dnnl.dnnl_memory_desc_get_size(scratchLayout));
    place(scratch, arena.allocate(bytes, PAGE).address());
    dnnl_memory_desc channels = MatmulPrimitive.channelLayout(shape.columns());
    dnnl_memory_desc scales =
        OneDnn.strided(ElementType.F32, new long[] {shape.columns()}, new long[] {1});
    dnnl_memory_desc perRow = MatmulPrimitive.rowLayout(rows);
    channelScales =
        shape.channelScaled()
            ? argument(dnnl.DNNL_ARG_ATTR_SCALES | dnnl.DNNL_ARG_WEIGHTS, scales)
            : new dnnl_memory();
    bias = shape.biased() ? argument(dnnl.DNNL_ARG_BIAS, channels) : new dnnl_memory();
    rowScales =
        shape.rowScaled()
            ? argument(dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | dnnl.DNNL_ARG_SRC_1, perRow)
            : new dnnl_memory();
    dnnl.dnnl_memory_desc_destroy(channels);
    dnnl.dnnl_memory_desc_destroy(scales);
    dnnl.dnnl_memory_desc_destroy(perRow);
  }

  private dnnl_memory argument(int role, dnnl_memory_desc layout) {
    dnnl_memory memory = OneDnn.memory(layout);
    dnnl_exec_arg_t slot = arguments.getPointer(handles.size());
    slot.arg(role);
    slot.memory(memory);
    handles.add(memory);
    return memory;
  }

  private void place(dnnl_memory memory, long at) {
    OneDnn.require(dnnl.dnnl_memory_set_data_handle(memory, address.at(at)), "operand");
  }

  /** Address of the signed codes at {@code from} as unsigned ones, until the next call. */
  long shift(long from, long bytes) {
    MatmulSignedCodes.shift(from, shifted.address(), bytes);
    return shifted.address();
  }

  /**
   * Computes the product.
   *
   * @param inputAt address of X
   * @param weightAt address of the packed W
   * @param channelScalesAt address of the scales per output feature, ignored where there are none
   * @param biasAt address of the bias, ignored where there is none
   * @param rowScalesAt address of the scales per row, ignored where there are none
   * @param outputAt address of Y
   */
  void run(
      long inputAt,
      long weightAt,
      long channelScalesAt,
      long biasAt,
      long rowScalesAt,
      long outputAt) {
    place(input, inputAt);
    place(weight, weightAt);
    place(output, outputAt);
    if (!channelScales.isNull()) {
      place(channelScales, channelScalesAt);
    }
    if (!bias.isNull()) {
      place(bias, biasAt);
    }
    if (!rowScales.isNull()) {
      place(rowScales, rowScalesAt);
    }
    int threads = OneDnnThreads.enter();
    try {
      OneDnn.require(
          dnnl.dnnl_primitive_execute(primitive.primitive(), stream, handles.size(), arguments),
          "execution");
    } finally {
      OneDnnThreads.leave(threads);
    }
  }

  @Override
  public void close() {
    handles.forEach(dnnl::dnnl_memory_destroy);
    dnnl.dnnl_stream_destroy(stream);
    arena.close();
  }
}
