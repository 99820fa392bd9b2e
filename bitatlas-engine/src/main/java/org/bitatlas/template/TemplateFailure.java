package org.bitatlas.template;

import org.bitatlas.tensor.BitAtlasException;

/** A template that cannot be rendered; the message is a clause without a full stop. */
public final class TemplateFailure extends BitAtlasException {
  private static final long serialVersionUID = 1;

  private final int line;
  private final boolean endless;

  TemplateFailure(String message, int line) {
    super(message);
    this.line = line;
    this.endless = false;
  }

  TemplateFailure(String message, int line, boolean endless, Throwable cause) {
    super(message, cause);
    this.line = line;
    this.endless = endless;
  }

  /** Line of the template, from 1; 0 where it is not known. */
  public int line() {
    return line;
  }

  /** Whether the rendering was stopped because it took too many steps or too long. */
  public boolean endless() {
    return endless;
  }
}
