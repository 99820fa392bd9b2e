package org.bitatlas.eval.task;

import org.bitatlas.eval.metric.PerplexityDefinition;
import org.bitatlas.eval.metric.TextCleaning;
import org.bitatlas.eval.prompt.TextSet;

/** Makes a perplexity task, in windows or rolling, of its mapping in a descriptor. */
final class PerplexityTaskReader {

  private PerplexityTaskReader() {}

  static PerplexityTask windows(DescriptorNode node) {
    PerplexityDefinition.Begin begin =
        switch (node.text("begin_of_sequence")) {
          case "each_window" -> PerplexityDefinition.Begin.EACH_WINDOW;
          case "tokenizer" -> PerplexityDefinition.Begin.TOKENIZER;
          case "text_start" -> PerplexityDefinition.Begin.TEXT_START;
          case "none" -> PerplexityDefinition.Begin.NONE;
          default ->
              throw node.error("begin_of_sequence", "each_window, text_start, tokenizer or none");
        };
    return new PerplexityTask(
        node.text("name"),
        node.text("about"),
        fileOrText(node),
        new PerplexityDefinition(
            cleaning(node),
            node.text("prefix"),
            node.integer("window"),
            node.optionalInteger("windows"),
            begin));
  }

  static RollingPerplexityTask rolling(DescriptorNode node) {
    int window = node.integer("window");
    if (window < 2) {
      throw node.error("window", "a number of tokens, at least 2");
    }
    return new RollingPerplexityTask(
        node.text("name"),
        node.text("about"),
        fileOrText(node),
        TaskReader.template(node, "document"),
        cleaning(node),
        window);
  }

  private static TextCleaning cleaning(DescriptorNode node) {
    return switch (node.text("cleaning")) {
      case "none" -> TextCleaning.NONE;
      case "wikitext" -> TextCleaning.WIKITEXT;
      case "wikitext_harness" -> TextCleaning.WIKITEXT_HARNESS;
      default -> throw node.error("cleaning", "none, wikitext or wikitext_harness");
    };
  }

  /** {@code file}, or {@code text} with the name of a published text. */
  private static String fileOrText(DescriptorNode node) {
    if (!node.has("text")) {
      return TaskReader.file(node);
    }
    String text = node.text("text");
    if (node.has("file") || TextSet.named(text).isEmpty()) {
      throw node.error("text", "wikitext2, c4 or ptb, or else the key file");
    }
    return text;
  }
}
