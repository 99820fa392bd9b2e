package org.bitatlas.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A dense native tensor on a {@link Device}, row-major unless it is a view.
 *
 * <p>Every operation makes its result in the innermost open {@link TensorScope} of the calling
 * thread and throws {@link IllegalStateException} without one. {@code narrow}, {@code select},
 * {@code view}, {@code transpose}, {@code permute}, {@code unsqueeze} and {@code expand} return
 * views of the same memory; operations whose name ends in {@code InPlace} and {@code copyFrom}
 * write to it. Dimensions may be negative, counted from the last. Shapes that do not fit are
 * programming errors and end in a {@link RuntimeException} with libtorch's words; so are operands
 * on different devices. New tensors are on the CPU where no device is named; results are where
 * their operands are.
 */
public final class Tensor implements AutoCloseable {

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private final org.bytedeco.pytorch.Tensor pointer;
  private final Device device;

  private Tensor(org.bytedeco.pytorch.Tensor pointer, Device device) {
    this.pointer = pointer;
    this.device = device;
  }

  private static Tensor of(org.bytedeco.pytorch.Tensor pointer, Device device) {
    TensorScope.requireOpen();
    return new Tensor(pointer, device);
  }

  /** A result of this tensor, on its device. */
  private Tensor of(org.bytedeco.pytorch.Tensor pointer) {
    return of(pointer, device);
  }

  /** The native tensor of an operand, which must be on this tensor's device. */
  private org.bytedeco.pytorch.Tensor here(Tensor operand) {
    if (!operand.device.equals(device)) {
      throw new IllegalStateException(
          "operands on %s and %s; move one with to(device)".formatted(device, operand.device));
    }
    return operand.pointer;
  }

  /** Another handle of the tensor that a native container holds. */
  static Tensor copyOfHandle(org.bytedeco.pytorch.Tensor held, Device device) {
    return of(new org.bytedeco.pytorch.Tensor(held), device);
  }

  org.bytedeco.pytorch.Tensor nativeTensor() {
    return pointer;
  }

  boolean isDefined() {
    return pointer.defined();
  }

  // ---- ownership

  /**
   * Takes this tensor out of its scope: it now lives until {@link #close()}. For weights and
   * caches; call it once.
   */
  public Tensor unscoped() {
    pointer.retainReference();
    return this;
  }

  /** Frees this tensor now; views of it stay valid. It must not be used afterwards. */
  @Override
  public void close() {
    pointer.close();
  }

  // ---- creation

  /** A tensor of unspecified content on the CPU. */
  public static Tensor empty(ElementType type, long... shape) {
    return empty(Device.CPU, type, shape);
  }

  /** A tensor of unspecified content. */
  public static Tensor empty(Device device, ElementType type, long... shape) {
    TensorScope.requireOpen();
    return of(torch.empty(shape, options(device, type), null), device);
  }

  /** A tensor of zeros on the CPU. */
  public static Tensor zeros(ElementType type, long... shape) {
    return zeros(Device.CPU, type, shape);
  }

  /** A tensor of zeros. */
  public static Tensor zeros(Device device, ElementType type, long... shape) {
    TensorScope.requireOpen();
    return of(torch.zeros(shape, options(device, type)), device);
  }

  private static TensorOptions options(Device device, ElementType type) {
    TensorOptions options = new TensorOptions(NativeTypes.of(type));
    return device.isHost() ? options : options.device(new DeviceOptional(device.toNative()));
  }

  /** A tensor whose elements are all {@code value}. */
  public static Tensor full(ElementType type, double value, long... shape) {
    return empty(type, shape).fillInPlace(value);
  }

  /** The identity matrix [n x n]. */
  public static Tensor identity(ElementType type, long size) {
    double[] values = new double[Math.toIntExact(size * size)];
    for (int k = 0; k < size; k++) {
      values[(int) (k * (size + 1))] = 1;
    }
    return fromDoubles(values, size, size).to(type);
  }

  /** An F32 tensor with a copy of {@code values}. */
  public static Tensor from(float[] values, long... shape) {
    requireCount(values.length, shape);
    Tensor tensor = empty(ElementType.F32, shape);
    MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_FLOAT, 0, values.length);
    return tensor;
  }

  /**
   * An F32 tensor [rows x columns] with a copy of a part of a row-major matrix.
   *
   * @param at where its first element is
   * @param stride elements from one row to the next
   */
  public static Tensor fromRows(float[] values, int at, int stride, int rows, int columns) {
    Tensor tensor = empty(ElementType.F32, rows, columns);
    MemorySegment target = tensor.memory();
    for (int row = 0; row < rows; row++) {
      MemorySegment.copy(
          values,
          at + row * stride,
          target,
          ValueLayout.JAVA_FLOAT,
          (long) row * columns * Float.BYTES,
          columns);
    }
    return tensor;
  }

  /** An F64 tensor with a copy of {@code values}. */
  public static Tensor fromDoubles(double[] values, long... shape) {
    requireCount(values.length, shape);
    Tensor tensor = empty(ElementType.F64, shape);
    MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_DOUBLE, 0, values.length);
    return tensor;
  }

  /** An I64 tensor with a copy of {@code values}. */
  public static Tensor fromLongs(long[] values, long... shape) {
    requireCount(values.length, shape);
    Tensor tensor = empty(ElementType.I64, shape);
    MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_LONG, 0, values.length);
    return tensor;
  }

  /** A BOOL tensor with a copy of {@code values}. */
  public static Tensor fromBooleans(boolean[] values, long... shape) {
    requireCount(values.length, shape);
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    Tensor tensor = empty(ElementType.BOOL, shape);
    MemorySegment.copy(bytes, 0, tensor.memory(), ValueLayout.JAVA_BYTE, 0, bytes.length);
    return tensor;
  }

  /**
   * A tensor with a copy of stored bytes.
   *
   * @param data the elements, little-endian and row-major, of exactly the size of {@code shape}
   * @param type their type
   * @throws BitAtlasException when libtorch has no such element type
   */
  public static Tensor fromMemory(MemorySegment data, ElementType type, List<Long> shape) {
    Tensor tensor = empty(type, shape.stream().mapToLong(Long::longValue).toArray());
    MemorySegment target = tensor.memory();
    if (data.byteSize() != target.byteSize()) {
      throw new IllegalArgumentException(
          "%d bytes for shape %s of %s".formatted(data.byteSize(), shape, type));
    }
    target.copyFrom(data);
    return tensor;
  }

  // ---- content

  /** Sizes, outermost first. */
  public long[] shape() {
    long[] shape = new long[(int) pointer.dim()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = pointer.size(i);
    }
    return shape;
  }

  /** Size of one dimension. */
  public long size(int dimension) {
    return pointer.size(dimension);
  }

  /** Number of elements. */
  public long elementCount() {
    return pointer.numel();
  }

  /** Where the elements are. */
  public Device device() {
    return device;
  }

  /** Element type. */
  public ElementType elementType() {
    return NativeTypes.elementType(pointer.scalar_type());
  }

  /** The elements in row-major order, converted to fp32. */
  public float[] toFloats() {
    try (TensorScope _ = TensorScope.open()) {
      return to(ElementType.F32)
          .to(Device.CPU)
          .contiguous()
          .memory()
          .toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  /** The elements in row-major order, converted to fp64. */
  public double[] toDoubles() {
    try (TensorScope _ = TensorScope.open()) {
      return to(ElementType.F64)
          .to(Device.CPU)
          .contiguous()
          .memory()
          .toArray(ValueLayout.JAVA_DOUBLE);
    }
  }

  /** The elements in row-major order, converted to 64-bit integers. */
  public long[] toLongs() {
    try (TensorScope _ = TensorScope.open()) {
      return to(ElementType.I64)
          .to(Device.CPU)
          .contiguous()
          .memory()
          .toArray(ValueLayout.JAVA_LONG);
    }
  }

  /** Copies the elements of a contiguous F32 tensor to {@code target}, which must be as long. */
  public void copyTo(float[] target) {
    if (!device.isHost()) {
      System.arraycopy(toFloats(), 0, target, 0, target.length);
      return;
    }
    requireContiguous(ElementType.F32);
    MemorySegment.copy(memory(), ValueLayout.JAVA_FLOAT, 0, target, 0, target.length);
  }

  /** The value of a one-element tensor. */
  public double item() {
    return toDoubles()[0];
  }

  /**
   * The elements of a contiguous tensor, row-major, where they lie: valid as long as the tensor.
   *
   * @throws IllegalStateException when the tensor is a view with gaps or not on the CPU
   */
  public MemorySegment memory() {
    if (!device.isHost()) {
      throw new IllegalStateException("needs a tensor on the CPU, not on " + device);
    }
    if (!pointer.is_contiguous()) {
      throw new IllegalStateException("needs a contiguous tensor");
    }
    Pointer data = pointer.data_ptr();
    return MemorySegment.ofAddress(data == null ? 0 : data.address()).reinterpret(pointer.nbytes());
  }

  private void requireContiguous(ElementType type) {
    if (elementType() != type || !pointer.is_contiguous()) {
      throw new IllegalStateException("needs a contiguous tensor of " + type);
    }
  }

  private static void requireCount(int count, long[] shape) {
    long expected = 1;
    for (long size : shape) {
      expected = Math.multiplyExact(expected, size);
    }
    if (expected != count) {
      throw new IllegalArgumentException(
          "%d values for shape %s".formatted(count, Arrays.toString(shape)));
    }
  }

  /** Changes elements. */
  public interface FloatChange {
    /** Changes {@code values[0 .. count - 1]}. */
    void apply(float[] values, int count);
  }

  /**
   * A new tensor of this shape whose elements Java code made of this one's: they pass through an
   * array piece by piece, in row-major order. Cheaper than a chain of operators where each of them
   * would read and write everything. Not differentiable. For tensors on the CPU.
   *
   * @param piece elements of a piece; the last may be shorter
   * @param change is given each piece in turn
   * @return F32
   */
  public Tensor mapFloats(int piece, FloatChange change) {
    Tensor source = to(ElementType.F32).contiguous();
    Tensor target = empty(ElementType.F32, shape());
    MemorySegment from = source.memory();
    MemorySegment to = target.memory();
    long count = elementCount();
    float[] values = new float[(int) Math.min(piece, count)];
    for (long start = 0; start < count; start += piece) {
      int length = (int) Math.min(piece, count - start);
      MemorySegment.copy(from, FLOAT, start * Float.BYTES, values, 0, length);
      change.apply(values, length);
      MemorySegment.copy(values, 0, to, FLOAT, start * Float.BYTES, length);
    }
    return target;
  }

  // ---- in place

  /** Overwrites this tensor with {@code source} of any device, broadcast and converted. */
  public Tensor copyFrom(Tensor source) {
    TensorScope.requireOpen();
    pointer.copy_(source.pointer);
    return this;
  }

  /** Overwrites a contiguous F32 tensor with {@code values}. */
  public Tensor copyFrom(float[] values) {
    if (!device.isHost()) {
      try (TensorScope _ = TensorScope.open()) {
        return copyFrom(from(values, shape()));
      }
    }
    requireContiguous(ElementType.F32);
    requireCount(values.length, shape());
    MemorySegment.copy(values, 0, memory(), ValueLayout.JAVA_FLOAT, 0, values.length);
    return this;
  }

  /** Sets every element to {@code value}. */
  public Tensor fillInPlace(double value) {
    TensorScope.requireOpen();
    pointer.fill_(new Scalar(value));
    return this;
  }

  /** this += other. */
  public Tensor addInPlace(Tensor other) {
    TensorScope.requireOpen();
    pointer.add_(here(other));
    return this;
  }

  /** this *= other. */
  public Tensor mulInPlace(Tensor other) {
    TensorScope.requireOpen();
    pointer.mul_(here(other));
    return this;
  }

  /** this *= value. */
  public Tensor mulInPlace(double value) {
    TensorScope.requireOpen();
    pointer.mul_(new Scalar(value));
    return this;
  }

  /** this += left * right. */
  public Tensor addProductInPlace(Tensor left, Tensor right) {
    TensorScope.requireOpen();
    pointer.addcmul_(here(left), here(right));
    return this;
  }

  /** this = this * sigmoid(this). */
  public Tensor siluInPlace() {
    TensorScope.requireOpen();
    torch.silu_(pointer);
    return this;
  }

  // ---- arithmetic

  /** this + other, broadcast. */
  public Tensor add(Tensor other) {
    return of(pointer.add(here(other)));
  }

  /** this + value. */
  public Tensor add(double value) {
    return of(pointer.add(new Scalar(value)));
  }

  /** this - other, broadcast. */
  public Tensor sub(Tensor other) {
    return of(pointer.sub(here(other)));
  }

  /** this * other, broadcast. */
  public Tensor mul(Tensor other) {
    return of(pointer.mul(here(other)));
  }

  /** this * value. */
  public Tensor mul(double value) {
    return of(pointer.mul(new Scalar(value)));
  }

  /** this / other, broadcast. */
  public Tensor div(Tensor other) {
    return of(pointer.div(here(other)));
  }

  /** this / value. */
  public Tensor div(double value) {
    return of(pointer.div(new Scalar(value)));
  }

  /** Nearest whole numbers, halves to the even one. */
  public Tensor round() {
    return of(pointer.round());
  }

  /** The elements, those outside {@code low .. high} replaced by the nearer bound. */
  public Tensor clamp(double low, double high) {
    return of(
        pointer.clamp(new ScalarOptional(new Scalar(low)), new ScalarOptional(new Scalar(high))));
  }

  /** The elements, each replaced by the nearer of its bounds where it is outside; broadcast. */
  public Tensor clamp(Tensor low, Tensor high) {
    return of(pointer.clamp(new TensorOptional(here(low)), new TensorOptional(here(high))));
  }

  /** 1 / (1 + exp(-x)). */
  public Tensor sigmoid() {
    return of(pointer.sigmoid());
  }

  /** 1 / x. */
  public Tensor reciprocal() {
    return of(pointer.reciprocal());
  }

  /** The elements where {@code condition} (BOOL, broadcast) holds, else {@code otherwise}. */
  public Tensor where(Tensor condition, double otherwise) {
    return of(torch.where(here(condition), pointer, new Scalar(otherwise)));
  }

  /** Whether each element is above {@code value}, as BOOL. */
  public Tensor above(double value) {
    return of(pointer.gt(new Scalar(value)));
  }

  /** Whether each element is neither NaN nor infinite, as BOOL. */
  public Tensor isFinite() {
    return of(torch.isfinite(pointer));
  }

  /** The larger of two elements, broadcast. */
  public Tensor maximum(Tensor other) {
    return of(torch.maximum(pointer, here(other)));
  }

  /** The smaller of two elements, broadcast. */
  public Tensor minimum(Tensor other) {
    return of(torch.minimum(pointer, here(other)));
  }

  /** Absolute values. */
  public Tensor abs() {
    return of(pointer.abs());
  }

  /** Sum of all elements, a tensor without dimensions. */
  public Tensor sum() {
    return of(pointer.sum());
  }

  /** Sum over one dimension. */
  public Tensor sum(int dimension) {
    return of(torch.sum(pointer, new long[] {dimension}, false, new ScalarTypeOptional()));
  }

  /** Largest element of one dimension. */
  public Tensor amax(int dimension) {
    return of(torch.amax(pointer, new long[] {dimension}, false));
  }

  /** Smallest element of one dimension. */
  public Tensor amin(int dimension) {
    return of(torch.amin(pointer, new long[] {dimension}, false));
  }

  /** Matrix product of the last two dimensions, broadcast over the others. */
  public Tensor matmul(Tensor other) {
    return of(torch.matmul(pointer, here(other)));
  }

  /**
   * X W^T + b.
   *
   * @param weight W [N x K]; this is X [.. x K]
   * @param bias b [N]
   * @return [.. x N]
   */
  public Tensor linear(Tensor weight, Optional<Tensor> bias) {
    return bias.isPresent()
        ? of(torch.linear(pointer, here(weight), here(bias.get())))
        : of(torch.linear(pointer, here(weight)));
  }

  /**
   * Lower Cholesky factor of a symmetric positive definite matrix.
   *
   * @throws RuntimeException when the matrix is not positive definite
   */
  public Tensor cholesky() {
    return of(torch.linalg_cholesky(pointer));
  }

  /** As {@link #cholesky()}; empty when the matrix is not positive definite. */
  public Optional<Tensor> choleskyIfPositiveDefinite() {
    try (TensorScope scope = TensorScope.open()) {
      var result = torch.linalg_cholesky_ex(pointer);
      // The tuple owns its members: a tensor of its own is needed beyond this scope.
      Tensor factor = of(result.get0().contiguous());
      return of(result.get1()).item() == 0 ? Optional.of(scope.keep(factor)) : Optional.empty();
    }
  }

  /** X of L X = B, this being L [n x n], lower triangular, and {@code right} B [n x m]. */
  public Tensor solveLowerTriangular(Tensor right) {
    return of(torch.linalg_solve_triangular(pointer, here(right), false));
  }

  /** Upper Cholesky factor U with A = U^T U. */
  public Tensor choleskyUpper() {
    return of(torch.linalg_cholesky(pointer, true));
  }

  /** Inverse of A from its lower Cholesky factor (this). */
  public Tensor choleskyInverse() {
    return of(torch.cholesky_inverse(pointer));
  }

  /** The matrices (last two dimensions) with zeros above the diagonal. */
  public Tensor lowerTriangle() {
    return of(pointer.tril());
  }

  /**
   * The inverse of a square matrix.
   *
   * @throws RuntimeException when the matrix is singular
   */
  public Tensor inverse() {
    return of(torch.linalg_inv(pointer));
  }

  /**
   * X of A X = B, this being A [n x n].
   *
   * @param right B [n x m]
   * @throws RuntimeException when the matrix is singular
   */
  public Tensor solve(Tensor right) {
    return of(torch.linalg_solve(pointer, here(right)));
  }

  /** This tensor's values outside the graph that made them: a constant to gradients. */
  public Tensor detach() {
    return of(pointer.detach());
  }

  // ---- neural network

  /** x * sigmoid(x). */
  public Tensor silu() {
    return of(torch.silu(pointer));
  }

  /**
   * x / sqrt(mean(x^2) + epsilon) over the last dimension, times {@code weight}. Mean and quotient
   * are computed in fp32 and cast to the type of x before the weight is applied, as in Hugging Face
   * Llama (Zhang and Sennrich 2019).
   */
  public Tensor rmsNorm(Tensor weight, double epsilon) {
    ElementType type = elementType();
    Tensor wide = type == ElementType.F32 ? this : to(ElementType.F32);
    Tensor normalised =
        of(
            torch.rms_norm(
                wide.pointer,
                new long[] {pointer.size(-1)},
                new TensorOptional(),
                new DoubleOptional(epsilon)));
    return normalised.to(type).mulInPlace(weight);
  }

  /**
   * Softmax attention, scaled by 1 / sqrt(d).
   *
   * @param key [B x H x S x d]; this is the query [B x H x T x d]
   * @param value [B x H x S x d]
   * @param mask added to the scores before the softmax, broadcast to [B x H x T x S]
   * @param causal whether query t sees the keys 0 .. t only; excludes a mask
   * @return [B x H x T x d]
   */
  public Tensor scaledDotProductAttention(
      Tensor key, Tensor value, Optional<Tensor> mask, boolean causal) {
    TensorOptional nativeMask =
        mask.isPresent() ? new TensorOptional(here(mask.get())) : new TensorOptional();
    return of(
        torch.scaled_dot_product_attention(
            pointer, here(key), here(value), nativeMask, 0.0, causal, new DoubleOptional(), false));
  }

  /** Softmax over one dimension. */
  public Tensor softmax(int dimension) {
    return of(torch.softmax(pointer, dimension));
  }

  /** Logarithm of the softmax over one dimension. */
  public Tensor logSoftmax(int dimension) {
    return of(torch.log_softmax(pointer, dimension));
  }

  /** log(sum(exp(x))) over one dimension. */
  public Tensor logSumExp(int dimension) {
    return of(torch.logsumexp(pointer, new long[] {dimension}, false));
  }

  /** Index of the largest element of one dimension; ties go to the lowest index. */
  public Tensor argmax(int dimension) {
    return of(torch.argmax(pointer, new LongOptional(dimension), false));
  }

  // ---- shape and selection

  /** A view with elements {@code start .. start + length} of one dimension. */
  public Tensor narrow(int dimension, long start, long length) {
    return of(pointer.narrow(dimension, start, length));
  }

  /** A view of one index of a dimension, which disappears. */
  public Tensor select(int dimension, long index) {
    return of(pointer.select(dimension, index));
  }

  /** A copy of the elements at {@code indexes} (I64, one-dimensional) of one dimension. */
  public Tensor indexSelect(int dimension, Tensor indexes) {
    return of(pointer.index_select(dimension, here(indexes)));
  }

  /** Elements at {@code indexes} (I64, as many dimensions as this) along one dimension. */
  public Tensor gather(int dimension, Tensor indexes) {
    return of(pointer.gather(dimension, here(indexes)));
  }

  /** The tensors one after the other along one dimension. */
  public static Tensor cat(List<Tensor> tensors, int dimension) {
    TensorScope.requireOpen();
    Tensor first = tensors.getFirst();
    org.bytedeco.pytorch.Tensor[] pointers =
        tensors.stream().map(first::here).toArray(org.bytedeco.pytorch.Tensor[]::new);
    return first.of(torch.cat(new TensorVector(pointers), dimension));
  }

  /** The elements of one dimension moved cyclically by {@code shift} to higher indexes. */
  public Tensor roll(int dimension, long shift) {
    return of(torch.roll(pointer, new long[] {shift}, dimension));
  }

  /** A view of another shape; one size may be -1. */
  public Tensor view(long... shape) {
    return of(pointer.view(shape));
  }

  /** This tensor in another shape, a view where possible; one size may be -1. */
  public Tensor reshape(long... shape) {
    return of(pointer.reshape(shape));
  }

  /** A view with two dimensions exchanged. */
  public Tensor transpose(int first, int second) {
    return of(pointer.transpose(first, second));
  }

  /** A view with the dimensions in another order. */
  public Tensor permute(long... order) {
    return of(pointer.permute(order));
  }

  /** A view with a dimension of size 1 inserted. */
  public Tensor unsqueeze(int dimension) {
    return of(pointer.unsqueeze(dimension));
  }

  /** A view with dimensions of size 1 repeated; -1 keeps a size. */
  public Tensor expand(long... shape) {
    return of(pointer.expand(shape));
  }

  /** This tensor, or a copy when it is not contiguous. */
  public Tensor contiguous() {
    return of(pointer.contiguous());
  }

  /** A copy. */
  public Tensor copy() {
    return of(pointer.clone());
  }

  /** This tensor converted to a type; itself when it has that type. */
  public Tensor to(ElementType type) {
    if (elementType() == type) {
      return this;
    }
    return of(pointer.to(NativeTypes.of(type)));
  }

  /** This tensor on a device; itself when it is there. */
  public Tensor to(Device target) {
    if (device.equals(target)) {
      return this;
    }
    return of(
        pointer.to(
            target.toNative(), pointer.scalar_type(), false, true, new MemoryFormatOptional()),
        target);
  }

  @Override
  public String toString() {
    return "Tensor"
        + Arrays.toString(shape())
        + " "
        + elementType()
        + (device.isHost() ? "" : " on " + device);
  }
}
