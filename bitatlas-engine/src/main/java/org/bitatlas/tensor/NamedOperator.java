package org.bitatlas.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OperatorHandleOptional;
import org.bytedeco.pytorch.OperatorName;

/**
 * An operator that libtorch or a library beside it registered, found by name and called with boxed
 * arguments: all of its schema, in order. The library's own binding is not needed.
 */
public final class NamedOperator {

  private final String name;
  private final OperatorHandle handle;

  private NamedOperator(String name, OperatorHandle handle) {
    this.name = name;
    this.handle = handle;
  }

  /** Whether an operator is registered. */
  static boolean exists(String name) {
    return lookUp(name, "").isPresent();
  }

  /**
   * Finds an operator.
   *
   * @param name with its namespace, for example {@code npu::npu_dynamic_quant}
   * @param overload its overload, empty for most
   * @throws BitAtlasException where none is registered
   */
  public static NamedOperator find(String name, String overload) {
    return lookUp(name, overload)
        .map(handle -> new NamedOperator(name, handle))
        .orElseThrow(() ->
            new BitAtlasException(
                "libtorch has no operator %s; load the library that registers it."
                    .formatted(overload.isEmpty() ? name : name + "." + overload)));
  }

  private static Optional<OperatorHandle> lookUp(String name, String overload) {
    NativeRuntime.load();
    try (OperatorName wanted = new OperatorName(name, overload)) {
      OperatorHandleOptional found = Dispatcher.singleton().findSchema(wanted);
      return found.has_value() ? Optional.of(new OperatorHandle(found.get())) : Optional.empty();
    }
  }

  /**
   * Calls the operator.
   *
   * @param device where its results lie
   * @param arguments all of its schema: {@link Tensor}, Long, Double, Boolean, or an empty Optional
   *     for none
   * @return its results that are tensors
   */
  public List<Tensor> call(Device device, Object... arguments) {
    try (IValueVector stack = new IValueVector()) {
      for (Object argument : arguments) {
        try (IValue value = boxed(argument)) {
          stack.push_back(value);
        }
      }
      handle.callBoxed(stack);
      List<Tensor> results = new ArrayList<>();
      for (long i = 0; i < stack.size(); i++) {
        IValue value = stack.get(i);
        if (value.isTensor()) {
          results.add(Tensor.copyOfHandle(value.toTensor(), device));
        }
      }
      return results;
    }
  }

  private IValue boxed(Object argument) {
    return switch (argument) {
      case Tensor tensor -> new IValue(tensor.nativeTensor());
      case Long number -> new IValue(number.longValue());
      case Double number -> new IValue(number.doubleValue());
      case Boolean flag -> new IValue(flag.booleanValue());
      case Optional<?> none when none.isEmpty() -> new IValue();
      default ->
          throw new IllegalArgumentException(
              "an argument of " + argument.getClass() + " for " + name);
    };
  }
}
