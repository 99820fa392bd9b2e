package org.bitatlas.eval.prompt;

import java.util.Map;
import java.util.Optional;

/** What is done to a record before the templates see it; a task's description names it. */
@FunctionalInterface
public interface DocumentProcess {

  /** All of them by name. */
  Map<String, DocumentProcess> ALL =
      Map.of(
          "hellaswag",
          new HellaSwagCleaning(),
          "winogrande",
          new WinoGrandeContexts(),
          "gpqa",
          new ShuffledOptions());

  /** The one of a name. */
  static Optional<DocumentProcess> named(String name) {
    return Optional.ofNullable(ALL.get(name));
  }

  /** The record with further fields. */
  Document apply(Document document);
}
