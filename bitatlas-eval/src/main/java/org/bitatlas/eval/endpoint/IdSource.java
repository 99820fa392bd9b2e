package org.bitatlas.eval.endpoint;

/** Where the ids of a reply's tokens come from. */
enum IdSource {
  /** The field {@code token_ids} (vLLM 0.10.2 and newer). */
  GIVEN("given by the server (return_token_ids)"),
  /** The tokens of its log-probabilities, written as {@code token_id:N} (vLLM). */
  NAMED("named by the server (return_tokens_as_token_ids)"),
  /** The text, tokenized again: the split can differ from the one that was generated. */
  ENCODED("the text, tokenized again here");

  private final String description;

  IdSource(String description) {
    this.description = description;
  }

  /** In words, as a record has it. */
  String description() {
    return description;
  }
}
