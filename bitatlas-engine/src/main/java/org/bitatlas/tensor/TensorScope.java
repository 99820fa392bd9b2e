package org.bitatlas.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Owner of native memory: every {@link Tensor} made on this thread belongs to the innermost open
 * scope and is freed when that scope closes. Scopes nest like blocks and stay on the thread that
 * opened them.
 *
 * <pre>{@code
 * try (TensorScope scope = TensorScope.open()) {
 *   Tensor hidden = ...;
 *   return scope.keep(hidden); // handed to the enclosing scope
 * }
 * }</pre>
 */
public final class TensorScope implements AutoCloseable {

  private static final ThreadLocal<Innermost> INNERMOST = ThreadLocal.withInitial(Innermost::new);

  private static final class Innermost {
    @Nullable TensorScope scope;
  }

  private final Innermost innermost;
  private final @Nullable TensorScope enclosing;
  private final PointerScope pointers;

  private TensorScope(Innermost innermost) {
    this.innermost = innermost;
    this.enclosing = innermost.scope;
    this.pointers = new PointerScope();
    innermost.scope = this;
  }

  /** Opens a scope inside the innermost one of this thread. */
  public static TensorScope open() {
    NativeRuntime.load();
    return new TensorScope(INNERMOST.get());
  }

  /**
   * Hands a tensor of this scope to the enclosing one, so that it outlives this scope.
   *
   * @throws IllegalStateException when no scope encloses this one
   */
  public Tensor keep(Tensor tensor) {
    if (enclosing == null) {
      throw new IllegalStateException("no scope encloses this one; use Tensor.unscoped()");
    }
    enclosing.pointers.attach(tensor.nativeTensor());
    return tensor;
  }

  /** Frees every tensor of this scope that was not kept. */
  @Override
  public void close() {
    if (innermost.scope != this || innermost != INNERMOST.get()) {
      throw new IllegalStateException("scopes close in reverse order, on their own thread");
    }
    innermost.scope = enclosing;
    pointers.close();
  }

  /**
   * Guards an operation: without an open scope its result would never be freed.
   *
   * @throws IllegalStateException when this thread has no open scope
   */
  static void requireOpen() {
    if (INNERMOST.get().scope == null) {
      throw new IllegalStateException("a tensor operation needs an open TensorScope");
    }
  }
}
