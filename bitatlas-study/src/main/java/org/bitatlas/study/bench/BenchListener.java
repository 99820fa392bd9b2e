package org.bitatlas.study.bench;

/** Told what a bench is doing. */
@FunctionalInterface
public interface BenchListener {

  /**
   * A step begins.
   *
   * @param round from 1 to {@code rounds}
   * @param step what is measured: a scheme, or the machine's limits
   */
  void step(int round, int rounds, String step);
}
