package org.bitatlas.kernel;

import java.util.ArrayDeque;
import java.util.Optional;

/**
 * Objects with buffers that calls from several threads take and give back, so that each is made
 * once and used by one call at a time. The one given back last is taken first.
 */
public final class IdleObjects<T> {

  private final ArrayDeque<T> idle = new ArrayDeque<>();

  /** None yet. */
  public IdleObjects() {}

  /** One that nobody uses; empty when there is none, and the caller makes one. */
  public synchronized Optional<T> take() {
    return Optional.ofNullable(idle.poll());
  }

  /** Leaves an object to the next call. */
  public synchronized void giveBack(T object) {
    idle.push(object);
  }
}
