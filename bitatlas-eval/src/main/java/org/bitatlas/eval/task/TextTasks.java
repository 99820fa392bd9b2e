package org.bitatlas.eval.task;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.metric.PerplexityDefinition;
import org.bitatlas.eval.metric.TextCleaning;
import org.bitatlas.eval.prompt.Document;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.eval.prompt.TextSet;
import org.bitatlas.tensor.BitAtlasException;

/** Perplexity tasks over published texts, which are built in, and over a text of one's own. */
public final class TextTasks {

  /** End of the name of a task with rolling windows. */
  static final String ROLLING = "_rolling";

  /** Tokens of a window where nothing else is asked for. */
  public static final int WINDOW = 2048;

  private static final String FILE = "harness/perplexity.yaml";

  private TextTasks() {}

  /** The built-in tasks. */
  static List<Task> builtIn() {
    return Descriptor.read(FILE, HarnessCatalog.resource(FILE)).tasks();
  }

  /** The built-in task of a name. */
  static Optional<Task> builtIn(String name) {
    return builtIn().stream().filter(task -> task.name().equals(name)).findFirst();
  }

  /** The published text of a task; empty where its text is a file. */
  static Optional<TextSet> text(Task task) {
    return task instanceof PerplexityTask || task instanceof RollingPerplexityTask
        ? TextSet.named(task.file())
        : Optional.empty();
  }

  /** A task with the text that is in {@code root}, or with the reason why there is none. */
  static SuiteCatalog.Entry entry(Task task, TextSet text, Path root) {
    return text.isIn(root)
        ? new SuiteCatalog.Described(task, root)
        : new SuiteCatalog.Missing(task, text.missing(root));
  }

  static SuiteCatalog.Ready open(Task task, TextSet text, Path root) {
    TextSet.Read read = text.read(root);
    List<Item> items = new ArrayList<>();
    if (task instanceof RollingPerplexityTask rolling) {
      for (Document document : read.documents()) {
        items.add(new Item.Document(items.size(), rolling.document().render(document)));
      }
    } else {
      items.add(new Item.Text(0, read.text()));
    }
    return new SuiteCatalog.Ready(
        task, new Suite(read.place(), read.digest(), items, List.of(), read.notes()));
  }

  /**
   * Both tasks over a text: windows of one text, and rolling windows.
   *
   * @param wanted name of a published text, or a file of text in UTF-8
   * @param window tokens of a window
   * @throws BitAtlasException when there is no such text; the message says what to do
   */
  public static List<SuiteCatalog.Entry> of(SuiteCatalog catalog, String wanted, int window) {
    if (TextSet.named(wanted).isPresent()) {
      return List.of(
          withWindow(catalog.entry(wanted), window),
          withWindow(catalog.entry(wanted + ROLLING), window));
    }
    Path file = Path.of(wanted);
    if (!Files.isRegularFile(file)) {
      throw new BitAtlasException(
          "There is no text " + wanted + "; give wikitext2, c4, ptb or a file of text.");
    }
    String name = String.valueOf(file.getFileName());
    byte[] content = SuiteReader.bytes(file);
    String text = SuiteReader.utf8(file, content);
    String digest = SuiteReader.sha256(content);
    PerplexityDefinition definition =
        new PerplexityDefinition(
            TextCleaning.NONE,
            "",
            window,
            OptionalInt.empty(),
            PerplexityDefinition.Begin.TOKENIZER);
    return List.of(
        new SuiteCatalog.Ready(
            new PerplexityTask(name, "Windows of " + name + ".", name, definition),
            new Suite(file, digest, List.of(new Item.Text(0, text)))),
        new SuiteCatalog.Ready(
            new RollingPerplexityTask(
                name + ROLLING,
                name + " as one document.",
                name,
                RecordTemplate.parse("{{ text }}"),
                TextCleaning.NONE,
                window),
            new Suite(file, digest, List.of(new Item.Document(0, text)))));
  }

  private static SuiteCatalog.Entry withWindow(SuiteCatalog.Entry entry, int window) {
    return switch (entry) {
      case SuiteCatalog.Described described ->
          new SuiteCatalog.Described(withWindow(described.task(), window), described.root());
      case SuiteCatalog.Missing missing -> missing;
      case SuiteCatalog.Ready ready ->
          new SuiteCatalog.Ready(withWindow(ready.task(), window), ready.suite());
    };
  }

  private static Task withWindow(Task task, int window) {
    return switch (task) {
      case PerplexityTask perplexity -> perplexity.withWindow(window);
      case RollingPerplexityTask rolling -> rolling.withWindow(window);
      default -> task;
    };
  }
}
