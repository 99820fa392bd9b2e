package org.bitatlas.cli;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.utils.Signals;

/**
 * Listens for Ctrl-C while a command works, so that it can end in order. The first Ctrl-C
 * interrupts the working thread; the second one ends the JVM at once.
 */
final class Interruption implements AutoCloseable {

  private static final String SIGNAL = "INT";

  private final AtomicBoolean requested = new AtomicBoolean();
  private final Object earlier;

  private Interruption(Thread worker, String message) {
    this.earlier =
        Signals.register(
            SIGNAL,
            () -> {
              if (requested.compareAndSet(false, true)) {
                Signals.registerDefault(SIGNAL);
                System.err.println();
                System.err.println(message);
                worker.interrupt();
              }
            });
  }

  /**
   * Begins to listen for the calling thread.
   *
   * @param message told to the user when Ctrl-C comes
   */
  static Interruption listen(String message) {
    return new Interruption(Thread.currentThread(), message);
  }

  /** Whether Ctrl-C came. */
  boolean requested() {
    return requested.get();
  }

  /** Stops listening and clears the interrupt. */
  @Override
  public void close() {
    Signals.unregister(SIGNAL, earlier);
    if (requested()) {
      boolean pending = Thread.interrupted();
      assert pending || !Thread.currentThread().isInterrupted();
    }
  }
}
