package org.bitatlas.tokenizer;

/** Rewrites the few constructs of Python's Jinja that Jinjava does not read. */
final class JinjaSource {

  private JinjaSource() {}

  static String adapt(String source) {
    return source.replace("[::-1]", "|reverse");
  }
}
