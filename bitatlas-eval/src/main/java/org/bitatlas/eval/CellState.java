package org.bitatlas.eval;

/** State of one cell of the map. Only OK cells enter averages. */
public enum CellState {
  OK,
  PARTIAL,
  NON_FINITE,
  COLLAPSED,
  SKIPPED,
  FAILED
}
