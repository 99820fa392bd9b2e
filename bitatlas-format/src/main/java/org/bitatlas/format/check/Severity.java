package org.bitatlas.format.check;

/** What a finding means for the user. */
public enum Severity {
  /** The stack does not load the folder. */
  FAULT("fault"),
  /** The stack loads the folder and computes something else than the checkpoint says. */
  WRONG("wrong result"),
  /** The folder loads; something should be looked at. */
  WARNING("warning");

  private final String label;

  Severity(String label) {
    this.label = label;
  }

  /** In reports. */
  public String label() {
    return label;
  }
}
